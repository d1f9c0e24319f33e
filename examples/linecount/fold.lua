-- Lines of each file and commits of each author. An assertion that fails would mean that an event is missing or wrong.
local function change(files, file)
  local before = files[file.path]
  assert((before == nil) == (file.status == "A"), "what is added is new, what is changed is there")
  if file.status == "D" then
    assert(before == (file.deleted or "binary"), "what is deleted is all that there was")
    files[file.path] = nil
  elseif file.lines ~= nil then
    files[file.path] = file.lines
  else
    files[file.path] = (before or 0) + file.added - file.deleted
  end
end

return function(state, event)
  local p = event.payload
  if event.type == "commit" then
    state.authors = state.authors or {}
    state.authors[p.author] = (state.authors[p.author] or 0) + 1
    state.commit = p.commit
    state.files = state.files or {}
  elseif event.type == "commit.more" then
    assert(state.commit == p.commit, "the parts of a commit follow each other")
  else
    return state
  end
  for _, file in ipairs(p.files) do
    change(state.files, file)
  end
  return state
end
