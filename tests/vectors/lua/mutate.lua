-- Does to the state what an event says, in many ways: for the property tests of the barrier and its undo log.
local K = { base = { n = 1, l = {} }, list = { 1, { a = 1 } } }

local function at(root, path)
  local t = root
  for _, k in ipairs(path) do t = t[k] end
  return t
end

local function recurse(n) return recurse(n + 1) + 1 end

local FAIL = {
  fuel = function() while true do end end,
  depth = function() recurse(1) end,
  memory = function() local s = string.rep("x", 1048576) return s .. "y" end,
  overflow = function() return math.maxinteger + 1 end,
  zero = function() return 1 / 0 * 0 // 0 end,
  type = function() return {} + 1 end,
  shape = function() local t = { 1 } t.x = 2 end,
  frozen = function(_, event) event.x = 1 end,
  state = function(state) state.f = recurse end,
  error = function() error("on purpose") end,
  value = function() return string.rep("x", 3):sub(0 / 1):split("") end,
}

local OPS = {
  set = function(s, e) at(s, e.p)[e.k] = e.v end,
  new = function(s, e) at(s, e.p)[e.k] = {} end,
  array = function(s, e) at(s, e.p)[e.k] = json.array({}) end,
  mark = function(s, e) json.array(at(s, e.p)) end,
  del = function(s, e) at(s, e.p)[e.k] = nil end,
  share = function(s, e) at(s, e.p)[e.k] = at(s, e.q) end,
  clone = function(s, e) at(s, e.p)[e.k] = clone(at(s, e.q)) end,
  move = function(s, e)
    local t = at(s, e.q)
    local x = t[e.k2]
    t[e.k2] = nil
    at(s, e.p)[e.k] = x
  end,
  change_moved = function(s, e)
    local t = at(s, e.q)
    local x = t[e.k2]
    t[e.k2] = nil
    if type(x) == "table" then
      if #x > 0 then table.remove(x) table.insert(x, 1, e.v) dsort(x, function(a, b) return type(a) < type(b) end)
      else x.changed = e.v end
    end
    at(s, e.p)[e.k] = x
  end,
  swap = function(s, e)
    local a, b = at(s, e.p), at(s, e.q)
    a[e.k], b[e.k2] = b[e.k2], a[e.k]
  end,
  push = function(s, e)
    local t = at(s, e.p)
    t[#t + 1] = e.v
  end,
  insert = function(s, e) table.insert(at(s, e.p), e.i, e.v) end,
  remove = function(s, e)
    local x = table.remove(at(s, e.p), e.i)
    if e.keep then s.kept = x end
  end,
  sort = function(s, e)
    dsort(at(s, e.p), function(x, y) return json.encode_canonical(x) < json.encode_canonical(y) end)
  end,
  shadow = function(s, e)
    local l = { at(s, e.p) }
    l[1][e.k] = e.v
    l[2] = l[1]
  end,
  wrap = function(s, e) at(s, e.p)[e.k] = { a = e.v, b = { at(s, e.q) } } end,
  wrap_clone = function(s, e) at(s, e.p)[e.k] = { a = e.v, b = { clone(at(s, e.q)) }, c = e.v } end,
  keys = function(s, e)
    local text = ""
    for k, v in dpairs(at(s, e.p)) do text = text .. k .. type(v) end
    s.keys = text
  end,
  length = function(s, e) s.length = #at(s, e.p) end,
  number = function(s, e) at(s, e.p)[e.k] = (at(s, e.p)[e.k] or 0) + e.n end,
  constant = function(s, e) at(s, e.p)[e.k] = K[e.kk] end,
  union = function(s, e) set.union(at(s, e.p), at(s, e.q)) end,
  count = function(s, e) counter.inc(at(s, e.p), e.kk, e.i) end,
}

return function(state, event)
  local root = state
  for _, e in ipairs(event.ops) do
    if e.op == "root" then root = { old = state, v = e.v }
    elseif e.op == "pick" then root = at(state, e.p)
    elseif e.op == "foreign" then root = e.v
    else OPS[e.op](state, e) end
  end
  local fail = FAIL[event.fail]
  if fail then fail(state, event) end
  return root
end
