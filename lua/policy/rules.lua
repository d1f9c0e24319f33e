-- What rules are made of. `policyc` puts the sections that a file of rules needs before its rules: those marked `file`
-- outside the function, those marked `rule` inside it, where `intent` and `facts` are known.

--@ file covers
-- Does one of these capabilities cover the one that is asked for? A star at the end stands for any text.
local function covers(caps, asked)
  for _, held in ipairs(caps or {}) do
    if held == asked then return true end
    if held == "*:*" and asked ~= "gate:receipt" and not string.starts_with(asked, "gate:receipt:") then return true end
    if string.ends_with(held, "*") then
      local stem = string.sub(held, 1, -2)
      if string.starts_with(asked, stem) or stem == asked .. ":" then return true end
    end
  end
  return false
end
--@ file has
local function has(list, item)
  for _, found in ipairs(list or {}) do
    if found == item then return true end
  end
  return false
end
--@ file named
-- Does a list of pieces name a text? A piece is text, or 1 for `*`, 2 for `**`, 3 for `**/`.
local function named(text, pieces, text_at, piece_at)
  local at, i, length = text_at, piece_at, #text
  while i <= #pieces do
    local piece = pieces[i]
    if type(piece) == "string" then
      local size = #piece
      if at + size - 1 > length then return false end
      for n = 1, size do
        if string.byte(text, at + n - 1) ~= string.byte(piece, n) then return false end
      end
      at = at + size
      i = i + 1
    else
      if i == #pieces and piece == 2 then return true end
      if piece == 3 and named(text, pieces, at, i + 1) then return true end
      local from = at
      if piece ~= 3 and named(text, pieces, at, i + 1) then return true end
      while from <= length do
        local slash = string.byte(text, from) == 47
        if piece == 1 and slash then return false end
        from = from + 1
        if (piece ~= 3 or slash) and named(text, pieces, from, i + 1) then return true end
      end
      return false
    end
  end
  return at == length + 1
end
--@ rule cap covers
local function cap(asked)
  if facts.is_root and asked ~= "gate:receipt" and not string.starts_with(asked, "gate:receipt:") then return true end
  return covers(facts.caps, asked)
end
--@ rule group has
local function group(name)
  if string.starts_with(name, "@") then name = string.sub(name, 2, -1) end
  return has(facts.groups, name)
end
--@ rule granted
local function granted(action)
  local grant = facts.grants and facts.grants[action]
  -- A proposal chooses its quorum: where governance names none for the action, a rule must say its own with `require`.
  return grant ~= nil and grant.governed ~= false
end
--@ rule quorum
local function quorum(least, name, action)
  local grant = facts.grants and facts.grants[action]
  return grant ~= nil and grant.group == name and grant.n >= least
end
--@ rule approvals
local function approvals(action)
  local open = facts.approvals and facts.approvals[action]
  return open and open.governed ~= false and open.have or 0
end
--@ rule changed
local function changed(glob)
  local found = facts.changed and facts.changed[glob]
  if found == nil then error("it is not known which paths changed: " .. glob) end
  return found.count > 0
end
--@ rule known
local function known()
  return facts.actor_known == true and facts.key_known == true
end
--@ rule root
local function root()
  return facts.is_root == true
end
--@ rule signed_by
-- Every commit of a push is signed by this actor; any other act is signed by the one who acts, with a key of his that stands.
local function signed_by(who)
  if intent.verb ~= "push" then return intent.actor == who and facts.key_known == true end
  local commits = intent.commits or {}
  for _, commit in ipairs(commits) do
    if commit.signer ~= who then return false end
  end
  return #commits > 0
end
--@ rule every_message
-- Every commit of a push says this.
local function every_message(text)
  local commits = intent.commits or {}
  for _, commit in ipairs(commits) do
    if not string.contains(commit.message, text) then return false end
  end
  return #commits > 0
end
