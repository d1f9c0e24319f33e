-- The library of the language. Every function checks its arguments, pays for its work, and answers the same everywhere.
-- A section that begins with `--@` and the starts of some names is loaded only for a program that names one of them.
local H, C = ...
local setmt, rtype, mtype, next, select, concat, unpack = H.setmetatable, H.type, H.mtype, H.next, H.select, H.concat, H.unpack
local raise, charge, alloc, typename, isnum = C.raise, C.charge, C.alloc, C.typename, C.isnum
local add, sub, neg, CAT, SET, KEYS, MK, MAXSTR, log = C.add, C.sub, C.neg, C.CAT, C.SET, C.KEYS, C.MK, C.MAXSTR, C.log
local KK, STRING = C.KK, C.STRING
local B = {}

-- Arguments.
local function bad(n, fn, wanted, v)
  raise("type", "bad argument #" .. n .. " to '" .. fn .. "' (" .. wanted .. " expected, got " .. typename(v) .. ")")
end
local function str(v, fn, n) if v == nil or v[KK] ~= STRING then bad(n, fn, "string", v) end return v end
local function tab(v, fn, n) if v == nil or v[KK] ~= nil then bad(n, fn, "table", v) end return v end
local function num(v, fn, n) if not isnum(v) then bad(n, fn, "number", v) end return v end
local function int(v, fn, n, default)
  if v == nil and default ~= nil then return default end
  if not mtype(v) then bad(n, fn, "integer", v) end
  return v
end
-- The host answers with a value, or with nothing and a sentence.
local function ask(f, ...)
  local r, why = f(...)
  if why then raise("value", why) end
  return r
end
local function length(s) -- before a string of this length is made
  if s > MAXSTR then C.LONG() end
  charge(s >> 4)
  alloc(s + 32)
end
-- A table that may be changed, and its mark. Changes of tables that the old state reaches are logged.
local function writable(t, fn)
  local m = tab(t, fn, 1)[MK]
  if m and m.ev then C.frozen(m) end
  return m, m and (m.d or m.was)
end

-- Values.
B.type = typename
local function tostring(v)
  local t = typename(v)
  if t == "string" then return v end
  if t == "number" then return H.numstr(v) end
  if t == "nil" or t == "null" then return t end
  if t == "boolean" then return v and "true" or "false" end
  raise("type", "cannot convert a " .. t .. " to a string" .. (t == "table" and "; use json.encode_canonical" or ""))
end
B.tostring = tostring
function B.tonumber(v)
  if isnum(v) then return v end
  if rtype(v) ~= "string" then return nil end
  charge(#v >> 4)
  return H.tonumber(v)
end
function B.error(message) raise("error", tostring(message)) end
function B.assert(v, message, ...)
  if v then return v, message, ... end
  raise("error", message == nil and "assertion failed!" or tostring(message))
end
function B.select(n, ...)
  if n == "#" then return select("#", ...) end
  if int(n, "select", 1) < 1 then raise("value", "bad argument #1 to 'select' (index out of range)") end
  return select(n, ...)
end
local function copy(v, depth)
  if rtype(v) ~= "table" then return v end
  if depth > C.MAXD then raise("state", "clone: nested deeper than 64 levels, or a cycle") end
  local c, n, m = {}, 1, v[MK]
  for k, x in next, v do
    n = n + 1
    c[k] = copy(x, depth + 1)
  end
  charge(n)
  alloc(32 + 32 * n)
  if n == 1 and m and m.arr then setmt(c, C.NEW_LIST) end
  return c
end
function B.clone(v) return copy(v, 1) end

-- Tables.
function B.dkeys(t) return KEYS(tab(t, "dkeys", 1)) end
function B.dvalues(t)
  local list = KEYS(tab(t, "dvalues", 1))
  for i = 1, #list do list[i] = t[list[i]] end
  return list
end
local function less(a, b)
  local x, y = typename(a), typename(b)
  if x ~= y or (x ~= "number" and x ~= "string") then raise("type", "attempt to compare " .. x .. " with " .. y) end
  return a < b
end
local function merge(a, b, lo, mid, hi, before)
  local i, j, k = lo, mid, lo
  while i < mid and j < hi do
    if before(a[j], a[i]) then b[k] = a[j] j = j + 1 else b[k] = a[i] i = i + 1 end
    k = k + 1
  end
  while i < mid do b[k] = a[i] i = i + 1 k = k + 1 end
  while j < hi do b[k] = a[j] j = j + 1 k = k + 1 end
end
function B.dsort(t, before) -- a stable merge sort: any comparator gives a defined result
  local _, logged = writable(t, "dsort")
  local n, a, b, original = #t, {}, {}, {}
  before = before or less
  alloc(192 + 96 * n)
  for i = 1, n do a[i] = t[i] original[i] = t[i] end
  local width = 1
  while width < n do
    charge(n)
    for lo = 1, n, 2 * width do
      local mid, hi = lo + width, lo + 2 * width
      if mid > n + 1 then mid = n + 1 end
      if hi > n + 1 then hi = n + 1 end
      merge(a, b, lo, mid, hi, before)
    end
    a, b = b, a
    width = 2 * width
  end
  local same = #t == n
  for i = 1, n do same = same and t[i] == original[i] end
  if not same then raise("value", "dsort: the list was changed while it was sorted") end
  for i = 1, n do
    if logged then log(t, i, original[i]) end
    t[i] = a[i]
  end
  return t
end
B["table.insert"] = function(t, ...)
  local m, logged = writable(t, "table.insert")
  local n = #t
  local p, v = ...
  if select("#", ...) == 1 then p, v = n + 1, p end
  int(p, "table.insert", 2)
  if p < 1 or p > n + 1 then raise("value", "bad argument #2 to 'table.insert' (position out of bounds)") end
  if v == nil then raise("shape", "a list cannot contain nil") end
  if p == n + 1 then return SET(t, p, v) end
  charge(n - p + 1)
  alloc(32)
  if m and m.d then
    C.grow(32)
    local ty = rtype(v)
    if ty == "table" then v = C.attach(v, m.d + 1, true)
    elseif ty == "function" then C.no_function()
    elseif ty == "string" then C.grow(#v)
    elseif mtype(v) and (v > C.SAFE or v < -C.SAFE) then C.unsafe() end
  end
  for i = n, p, -1 do
    if logged then log(t, i + 1, t[i + 1]) end
    t[i + 1] = t[i]
  end
  if logged then log(t, p, t[p]) end
  t[p] = v
end
B["table.remove"] = function(t, p)
  local m, logged = writable(t, "table.remove")
  local n = #t
  p = int(p, "table.remove", 2, n)
  if n == 0 and (p == 0 or p == 1) then return nil end
  if p < 1 or p > n then raise("value", "bad argument #2 to 'table.remove' (position out of bounds)") end
  local old = t[p]
  charge(n - p + 1)
  for i = p, n do
    if logged then log(t, i, t[i]) end
    t[i] = t[i + 1]
  end
  if m and m.d then
    C.grow(-32)
    C.drop(old)
  end
  return old
end
B["table.concat"] = function(t, sep, i, j)
  tab(t, "table.concat", 1)
  sep = sep == nil and "" or str(sep, "table.concat", 2)
  i, j = int(i, "table.concat", 3, 1), int(j, "table.concat", 4, #t)
  local parts, len, n = {}, 0, 0
  for x = i, j do
    local v = t[x]
    if rtype(v) ~= "string" and not isnum(v) then
      raise("type", "element " .. x .. " of the list given to 'table.concat' is a " .. typename(v))
    end
    n = n + 1
    v = tostring(v)
    parts[n] = v
    len = len + #v + #sep
    if len > MAXSTR + #sep then C.LONG() end
  end
  charge(n)
  return CAT(concat(parts, sep))
end
B["string.join"] = B["table.concat"]
B["table.unpack"] = function(t, i, j)
  tab(t, "table.unpack", 1)
  i, j = int(i, "table.unpack", 2, 1), int(j, "table.unpack", 3, #t)
  if j >= i and (j - i < 0 or j - i >= 200) then raise("value", "table.unpack: more than 200 results") end
  charge(j >= i and j - i + 1 or 0)
  return unpack(t, i, j)
end

--@ math.
B["math.abs"] = function(x) if num(x, "math.abs", 1) < 0 then return neg(x) end return x end
for _, short in next, { "floor", "ceil", "trunc" } do
  local f, name = H[short], "math." .. short
  B[name] = function(x) if mtype(x) then return x end return f(num(x, name, 1)) end
end
B["math.round"] = function(x, digits)
  local r, class, why = H.round(num(x, "math.round", 1), int(digits, "math.round", 2, 0))
  if class then raise(class, why) end
  return r
end
B["math.max"] = function(x, ...)
  num(x, "math.max", 1)
  for i = 1, select("#", ...) do
    local v = num((select(i, ...)), "math.max", i + 1)
    if v > x then x = v end
  end
  return x
end
B["math.min"] = function(x, ...)
  num(x, "math.min", 1)
  for i = 1, select("#", ...) do
    local v = num((select(i, ...)), "math.min", i + 1)
    if v < x then x = v end
  end
  return x
end
B["math.type"] = function(x) if mtype(x) then return "integer" elseif isnum(x) then return "fixed" end return nil end
B["math.tointeger"] = function(x) if mtype(x) then return x end return nil end

--@ set. counter.
-- Sets (maps of true) and counters that grow in two halves, one share an actor.
B["set.add"] = function(t, x)
  if t == nil or t[KK] ~= nil then bad(1, "set.add", "table", t) end
  if x == nil or x[KK] ~= STRING then bad(2, "set.add", "string", x) end
  if t[x] == true then return false end
  SET(t, x, true)
  return true
end
B["set.remove"] = function(t, x)
  if tab(t, "set.remove", 1)[str(x, "set.remove", 2)] == nil then return false end
  SET(t, x, nil)
  return true
end
B["set.has"] = function(t, x) return tab(t, "set.has", 1)[str(x, "set.has", 2)] == true end
B["set.size"] = function(t)
  local n = 0
  for _ in next, tab(t, "set.size", 1) do n = n + 1 end
  charge(n)
  return n
end
B["set.values"] = function(t) return KEYS(tab(t, "set.values", 1)) end
B["set.union"] = function(t, other)
  tab(t, "set.union", 1)
  for _, k in next, KEYS(tab(other, "set.union", 2)) do SET(t, k, true) end
  return t
end
local function half_of(t, half, fn)
  local h = t[half]
  if h == nil then return nil end
  if rtype(h) ~= "table" then raise("type", fn .. ": field '" .. half .. "' is a " .. typename(h) .. ", not a table") end
  return h
end
local function count(t, half, who, n, fn)
  tab(t, fn, 1)
  str(who, fn, 2)
  n = n == nil and 1 or num(n, fn, 3)
  if n < 0 then raise("value", fn .. ": the amount must not be negative") end
  if half_of(t, half, fn) == nil then SET(t, half, {}) end
  SET(t[half], who, add(t[half][who] or 0, n))
end
B["counter.inc"] = function(t, who, n) count(t, "p", who, n, "counter.inc") end
B["counter.dec"] = function(t, who, n) count(t, "n", who, n, "counter.dec") end
B["counter.value"] = function(t)
  tab(t, "counter.value", 1)
  local sum, p, n = 0, half_of(t, "p", "counter.value") or {}, half_of(t, "n", "counter.value") or {}
  for _, k in next, KEYS(p) do sum = add(sum, p[k]) end
  for _, k in next, KEYS(n) do sum = sub(sum, n[k]) end
  return sum
end
B["counter.merge"] = function(t, other)
  tab(t, "counter.merge", 1)
  tab(other, "counter.merge", 2)
  for _, half in next, { "n", "p" } do
    local theirs = half_of(other, half, "counter.merge")
    if theirs then
      if half_of(t, half, "counter.merge") == nil then SET(t, half, {}) end
      local ours = t[half]
      for _, k in next, KEYS(theirs) do
        local v = num(theirs[k], "counter.merge", 2)
        if ours[k] == nil or ours[k] < v then SET(ours, k, v) end
      end
    end
  end
  return t
end

--@ rng
-- Random numbers: pcg32.
function B.rng(seed)
  local state, increment
  if mtype(seed) then state, increment = H.seed(seed) else
    charge(4 + (#str(seed, "rng", 1) >> 4))
    state, increment = H.seed(seed)
  end
  local function u32()
    local old = state
    state = old * 6364136223846793005 + increment
    local x, r = (((old >> 18) ~ old) >> 27) & 0xffffffff, old >> 59
    return ((x >> r) | (x << ((-r) & 31))) & 0xffffffff
  end
  return function(m, n) -- r(): 0..2^32-1, r(n): 1..n, r(m, n): m..n
    charge(2)
    if m == nil then return u32() end
    if n == nil then m, n = 1, m end
    int(m, "rng", 1)
    int(n, "rng", 2)
    local span = sub(n, m)
    if span < 0 or span > 0xffffffff then raise("value", "rng: the interval must hold 1 to 2^32 values") end
    span = span + 1
    local threshold = (0x100000000 - span) % span
    while true do
      local x = u32()
      if x >= threshold then return m + x % span end
      charge(2)
    end
  end
end

--@ string. utf8.
-- Strings: always UTF-8, no patterns, ASCII case.
B["string.len"] = function(s) return #str(s, "string.len", 1) end
for _, short in next, { "upper", "lower", "trim" } do
  local f, name = H[short], "string." .. short
  B[name] = function(s)
    length(#str(s, name, 1))
    return f(s)
  end
end
B["string.sub"] = function(s, i, j)
  length(#str(s, "string.sub", 1))
  return ask(H.sub_bytes, s, int(i, "string.sub", 2), int(j, "string.sub", 3, -1))
end
B["string.byte"] = function(s, i) return H.byte(str(s, "string.byte", 1), int(i, "string.byte", 2, 1)) end
B["string.rep"] = function(s, n, sep)
  str(s, "string.rep", 1)
  int(n, "string.rep", 2)
  sep = sep == nil and "" or str(sep, "string.rep", 3)
  local unit = #s + #sep
  if n <= 0 or unit == 0 then return "" end
  if n > (MAXSTR + #sep) // unit then C.LONG() end
  length(unit * n - #sep)
  return H.rep(s, n, sep)
end
B["string.find"] = function(s, p, i, plain)
  str(s, "string.find", 1)
  str(p, "string.find", 2)
  charge((#s + #p) >> 4)
  if plain ~= true and H.magic(p) then
    raise("value", "string.find: patterns are not in the profile; pass true as the 4th argument to search for plain text")
  end
  local from, to = H.find(s, p, int(i, "string.find", 3, 1))
  return from, to
end
B["string.contains"] = function(s, p)
  str(s, "string.contains", 1)
  str(p, "string.contains", 2)
  charge((#s + #p) >> 4)
  return H.find(s, p, 1) ~= nil
end
B["string.starts_with"] = function(s, p)
  str(s, "string.starts_with", 1)
  charge(#str(p, "string.starts_with", 2) >> 4)
  return H.starts_with(s, p)
end
B["string.ends_with"] = function(s, p)
  str(s, "string.ends_with", 1)
  charge(#str(p, "string.ends_with", 2) >> 4)
  return H.ends_with(s, p)
end
B["string.replace"] = function(s, from, to)
  str(s, "string.replace", 1)
  str(from, "string.replace", 2)
  str(to, "string.replace", 3)
  if from == "" then raise("value", "string.replace: the searched text is empty") end
  charge(#s >> 4)
  length(#s + H.count(s, from) * (#to - #from))
  return H.replace(s, from, to)
end
B["string.split"] = function(s, sep)
  str(s, "string.split", 1)
  if str(sep, "string.split", 2) == "" then raise("value", "string.split: the separator is empty") end
  charge(#s)
  alloc(64 + 64 * #s)
  return H.split(s, sep)
end
B["string.format"] = function(f, ...)
  str(f, "string.format", 1)
  local args, n = { ... }, select("#", ...)
  for i = 1, n do
    local v = args[i]
    if rtype(v) ~= "string" and not isnum(v) then args[i] = tostring(v) end
  end
  return CAT(ask(H.format, f, unpack(args, 1, n)))
end
B["utf8.len"] = function(s)
  charge(#str(s, "utf8.len", 1) >> 4)
  return H.utf8_len(s)
end
B["utf8.char"] = function(n) return ask(H.utf8_char, int(n, "utf8.char", 1)) end
B["utf8.sub"] = function(s, i, j)
  length(#str(s, "utf8.sub", 1))
  return H.utf8_sub(s, int(i, "utf8.sub", 2), int(j, "utf8.sub", 3, -1))
end

--@ json.
B["json.array"] = function(t) -- an empty table becomes a list
  if t == nil then
    t = {}
    alloc(64)
  end
  local m = writable(t, "json.array")
  if t[1] ~= nil or (m and m.arr) then return t end
  if next(t) ~= nil then raise("shape", "json.array: the table is a map") end
  if m == nil then return setmt(t, C.NEW_LIST) end
  if m.root then raise("state", "the state is a map; put a list under a name") end
  C.remark(t, m, m.d and C.LIST_AT[m.d] or C.WAS_LIST)
  return t
end
B["json.encode_canonical"] = function(v)
  local s, class, why = H.encode(v)
  if class then raise(class, why) end
  charge(#s >> 2)
  return CAT(s)
end
B["json.decode_strict"] = function(s)
  charge(#str(s, "json.decode_strict", 1))
  alloc(64 + 32 * #s)
  return ask(H.decode, s)
end
--@ always
return B
