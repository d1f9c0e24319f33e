-- The side of the host: loaded behind the prelude and the program, in one text with them.
local ROOT, fn
local function begin()
  -- The log of a large event is not kept, lest it hold on to what was removed.
  if N > 1024 then UT, UK, UO = {}, {}, {} end
  F, M, D, N, Z0 = LIMIT, EVENT_BYTES, 0, 0, Z
end
local host = {
  marks = { map_at = MAP_AT, list_at = LIST_AT, event_map = EVENT_MAP, event_list = EVENT_LIST, new_list = NEW_LIST },
}
function host.load()
  -- Order of strings is order of bytes: the program must not run under a locale that says otherwise.
  if not ("B" < "a" and "a" < "\u{e9}" and "\u{e9}" < "\u{10ffff}") then raise("locale", "strings are not ordered by bytes") end
  begin()
  fn = CHUNK()
end
function host.set_root(t) ROOT, Z, N = t, measure(t), 0 end
function host.root() return ROOT end
function host.size() return Z, measure(ROOT) end
function host.step(event)
  if N > 1024 then begin() end
  F = LIMIT M = EVENT_BYTES N = 0 Z0 = Z -- D is 0 behind every step, also behind an undone one
  local r = fn(ROOT, event)
  if r ~= ROOT then
    if rtype(r) ~= "table" then raise("type", "the fold must return the state table, got " .. typename(r)) end
    detach(ROOT)
    local m = r[MK]
    if r[1] ~= nil or (m and m.arr) then raise("state", "the state is a map; put a list under a name") end
    if r._provenance ~= nil then reserved() end
    ROOT = attach(r, 1, true)
  end
  return LIMIT - F
end
function host.undo()
  for i = N, 1, -1 do
    local t, k, old = UT[i], UK[i], UO[i]
    if k == META then setmt(t, old) else t[k] = old end
  end
  D, N, Z = 0, 0, Z0
end
function host.call(a, b)
  begin()
  local r = fn(a, b)
  return LIMIT - F, r
end
return host
