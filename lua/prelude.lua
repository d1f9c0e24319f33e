-- The run time around a program: limits, checked arithmetic, the write barrier with its undo log. Trusted: a program sees
-- only the names that lowering writes, never this text. `H` (host) holds what Rust gives, `FX` the fractions of the program.
local H, FX = ...
--@LIMITS@
local setmt, rtype, mtype, next, select, rerror = H.setmetatable, H.type, H.mtype, H.next, H.select, H.error
local nsort, MAXI, MINI, NULL = H.sort, H.maxinteger, H.mininteger, H.null
local MAXSTR <const> = 1048576
local SAFE <const> = 9007199254740991

-- Limits. F: fuel left, M: logical bytes that the event may still allocate, D: depth of calls, Z: logical size of the state.
local F, M, D, Z = 0, 0, 0, 0
local function raise(class, message) rerror(class .. "|" .. message, 0) end
local function OUT() raise("fuel", "instruction limit exceeded") end
local function DEEP() raise("depth", "call depth exceeds 200") end
local function MEM()
  raise("memory", "memory limit exceeded: this event allocated more than " .. EVENT_BYTES .. " bytes")
end
local function BIG() raise("memory", "memory limit exceeded: the state is larger than " .. STATE_BYTES .. " bytes") end
local function LONG() raise("memory", "string longer than 1048576 bytes") end
local function charge(n)
  F = F - n
  if F < 0 then OUT() end
end
local function alloc(n)
  M = M - n
  if M < 0 then MEM() end
end
local function LEAVE(...)
  D = D - 1
  return ...
end
local function SAME(...) return ... end

-- Kinds of values. A fraction is light userdata whose bits are its raw value; null is the light userdata 0.
local function typename(v)
  local t = rtype(v)
  if t ~= "userdata" then return t end
  if v == NULL then return "null" end
  return "number"
end
local function isnum(v) return mtype(v) ~= nil or (rtype(v) == "userdata" and v ~= NULL) end

-- Arithmetic: integers natively with a test for overflow, everything else by the host.
local function overflow(op) raise("overflow", "number overflow in '" .. op .. "'") end
local function slow(f, op, a, b)
  if not (isnum(a) and isnum(b)) then
    local culprit = a
    if isnum(a) then culprit = b end
    raise("type", "attempt to perform arithmetic ('" .. op .. "') on a " .. typename(culprit) .. " value")
  end
  local result, class, why = f(a, b)
  if class == "overflow" then overflow(op) elseif class then raise(class, why) end
  return result
end
-- A fraction as an operand reaches FIX, whose bit operations answer so that the test for overflow passes.
local function add(a, b)
  local r = a + b
  if (a ~ r) & (b ~ r) < 0 then overflow("+") end
  return r
end
local function sub(a, b)
  local r = a - b
  if (a ~ b) & (a ~ r) < 0 then overflow("-") end
  return r
end
local function MUL(r, a, b) -- r is the product of large integers, perhaps wrapped, or no integer took part in it
  if mtype(a) and mtype(b) and a ~= 0 and (r // a ~= b or (a == -1 and b == MINI)) then overflow("*") end
  return r
end
local function mul(a, b)
  local r = a * b
  if (a | b) >> 31 == 0 then return r end
  return MUL(r, a, b)
end
local function idiv(a, b)
  if b ~= 0 and b ~= -1 then return a // b end
  return slow(H.idiv, "//", a, b)
end
local function mod(a, b)
  if b ~= 0 then return a % b end
  return slow(H.mod, "%", a, b)
end
local function div(a, b)
  if mtype(a) and mtype(b) and b ~= 0 and b ~= -1 and a % b == 0 then return a // b end
  return slow(H.div, "/", a, b)
end
local function pow(a, b)
  charge(64)
  return slow(H.pow, "^", a, b)
end
local function neg(a)
  if mtype(a) and a ~= MINI then return -a end
  return slow(H.sub, "-", 0, a)
end
local function ints(op, a, b)
  if not (mtype(a) and mtype(b)) then
    raise("type", "bitwise '" .. op .. "' needs integers, got " .. typename(a) .. " and " .. typename(b))
  end
end
local function band(a, b) ints("&", a, b) return a & b end
local function bor(a, b) ints("|", a, b) return a | b end
local function bxor(a, b) ints("~", a, b) return a ~ b end
local function shl(a, b) ints("<<", a, b) return a << b end
local function shr(a, b) ints(">>", a, b) return a >> b end
local function bnot(a) ints("~", a, 0) return ~a end
local function INT(a)
  if mtype(a) then return a end
  raise("type", "'for' bounds must be integers, got " .. typename(a))
end
local function STEP(a)
  if INT(a) == 0 then raise("value", "'for' step is zero") end
  return a
end
-- Operators whose left side is read before the right side runs.
local function GET(t, k) return t[k] end
local CMP = {
  eq = function(a, b) return a == b end, ne = function(a, b) return a ~= b end,
  lt = function(a, b) return a < b end, le = function(a, b) return a <= b end,
  gt = function(a, b) return a > b end, ge = function(a, b) return a >= b end,
}
local function compared(f)
  return function(a, b)
    if isnum(a) and isnum(b) then return f(a, b) end
    raise("type", "attempt to compare " .. typename(a) .. " with " .. typename(b))
  end
end
local function refuse(what)
  return function(v) raise("type", "attempt to " .. what .. " a " .. typename(v) .. " value") end
end
local function text(v)
  if v == NULL then raise("type", "attempt to concatenate a null value") end
  if rtype(v) == "userdata" then return H.numstr(v) end
  return v
end
local FIX = {
  __add = function(a, b) return slow(H.add, "+", a, b) end,
  __sub = function(a, b) return slow(H.sub, "-", a, b) end,
  __mul = function(a, b) return slow(H.mul, "*", a, b) end,
  __idiv = function(a, b) return slow(H.idiv, "//", a, b) end,
  __mod = function(a, b) return slow(H.mod, "%", a, b) end,
  __lt = compared(H.lt), __le = compared(H.le),
  __bxor = function() return 0 end, __band = function() return 0 end,
  __bor = function() return -1 end, __shr = function() return -1 end,
  __call = refuse("call"), __len = refuse("get length of"),
  __concat = function(a, b) return text(a) .. text(b) end,
}
local function CAT(s)
  local n = #s
  if n > MAXSTR then LONG() end
  F = F - (n >> 4)
  if F < 0 then OUT() end
  M = M - n - 32
  if M < 0 then MEM() end
  return s
end

-- Marks. The metatable of a table says what the table is, and `t[MK]` gives it at the price of a failed read, `t[DK]` its
-- depth in the state (for a list MAXD more), `v[KK]` the kind of a value that is no table; all three are cheaper than to
-- call `type` or `getmetatable`. No program can name these keys, for its strings are UTF-8 and these are
-- not. Fields of a mark: d depth in the state, arr list for good, ev frozen, was taken out of the state in this event. A table
-- without a mark was made in this event.
local MK <const> = "\xffm"
local DK <const> = "\xffd"
local KK <const> = "\xffk"
local META = {}
local MAXD <const> = 64
local function mark(m)
  m.__index = { [MK] = m, [DK] = m.arr and m.d and m.d + MAXD or m.d }
  return m
end
local INTEGER <const> = 1
local STRING <const> = 2
local FUNCTION <const> = 3
local OTHER <const> = 4
local function kind(name, k)
  local lookup = setmt({ [KK] = k }, { __index = function() raise("type", "attempt to index a " .. name .. " value") end })
  H.setkind(name, { __index = lookup })
end
kind("number", INTEGER)
kind("string", STRING)
kind("function", FUNCTION)
kind("boolean", OTHER)
local not_indexed = refuse("index")
function FIX.__index(v, k)
  if k == KK then return OTHER end
  not_indexed(v)
end
H.setkind("fixed", FIX)
local MAP_AT, LIST_AT = {}, {}
for d = 1, MAXD do
  MAP_AT[d], LIST_AT[d] = mark { d = d, root = d == 1 }, mark { d = d, arr = true, root = d == 1 }
end
local EVENT_MAP, EVENT_LIST = mark { ev = true }, mark { ev = true, arr = true }
local CONST_MAP, CONST_LIST = mark { ev = true, const = true }, mark { ev = true, const = true, arr = true }
local WAS_MAP, WAS_LIST = mark { was = true }, mark { was = true, arr = true }
local NEW_LIST = mark { arr = true } -- an empty table that is a list
local function frozen(m)
  if m.const then raise("frozen", "constants declared outside the function are read-only; use clone(t)") end
  raise("frozen", "the event is read-only; store a copy in the state")
end

-- The undo log: table, key, what stood there; or table, META, the mark that it had. An event that errs is undone from it.
-- Logged is what the state before the event could reach: tables in the state, and those taken out of it. A table that comes
-- back needs no entry: that it went has one, which is undone later.
local UT, UK, UO, N, Z0 = {}, {}, {}, 0, 0
local function log(t, k, old)
  local n = N + 1
  UT[n] = t UK[n] = k UO[n] = old
  N = n
end
local function remark(t, old, new)
  log(t, META, old)
  setmt(t, new)
end

-- Logical size: 64 a table, 32 an entry, the bytes of string keys and string values.
local function measure(t)
  local z = 64
  for k, v in next, t do
    z = z + 32
    if rtype(k) == "string" then z = z + #k end
    local ty = rtype(v)
    if ty == "table" then z = z + measure(v) elseif ty == "string" then z = z + #v end
  end
  return z
end
local function unsafe() raise("value", "an integer above 2^53-1 cannot be stored; store tostring(n)") end
local function no_function() raise("state", "a function cannot be stored in the state") end
local function reserved() raise("state", "the top-level key '_provenance' is reserved") end

local function detach(t)
  local m = t[MK]
  if m == nil or m.d == nil then return end
  local n, z = 1, 64
  for k, v in next, t do
    n, z = n + 1, z + 32
    if not m.arr then z = z + #k end
    local kind = v[KK]
    if kind == STRING then z = z + #v elseif kind == nil then detach(v) end
  end
  Z = Z - z
  remark(t, m, m.arr and WAS_LIST or WAS_MAP)
  charge(n)
end
local function drop(old)
  if not old then return end
  local kind = old[KK]
  if kind == STRING then Z = Z - #old elseif kind == nil then detach(old) end
end
local function attach(t, d, top)
  local m = t[MK]
  if m and m.d then
    if top then
      raise("state", "this table is already part of the state; store clone(t), or remove it from its old place first")
    end
    raise("state", "this table contains a table that is already part of the state; use clone(t)")
  end
  if d > MAXD then raise("state", "state is nested deeper than 64 levels") end
  local list = (m and m.arr) or t[1] ~= nil
  local copied = m and m.ev -- parts of the event and constants are copied
  local c, n, z = t, 1, 32
  if copied then c = {} end
  setmt(c, list and LIST_AT[d] or MAP_AT[d])
  for k, v in next, t do
    n = n + 1
    if not list then z = z + #k end
    local kind = v[KK]
    if kind == STRING then
      z = z + #v
      if copied then c[k] = v end
    elseif kind == nil then
      local x = attach(v, d + 1, false)
      if x ~= v then c[k] = x end
    else
      if kind == INTEGER then
        if v > SAFE or v < -SAFE then unsafe() end
      elseif kind == FUNCTION then no_function() end
      if copied then c[k] = v end
    end
  end
  if copied then alloc(32 + 32 * n) end
  z = Z + z + 32 * n
  Z = z
  if z > STATE_BYTES then BIG() end
  n = F - n
  F = n
  if n < 0 then OUT() end
  return c
end

-- The shape of tables: a list 1..n without holes, or a map with string keys.
local function shape(t, k, v, old, arr)
  local kind = k ~= nil and k[KK]
  if kind == INTEGER then
    if old ~= nil and v ~= nil then return end
    local n = #t
    if v == nil then
      if old ~= nil and k ~= n then
        raise("shape", "removing element " .. k .. " of " .. n .. " would leave a hole; use table.remove")
      end
    elseif k ~= n + 1 then
      raise("shape", "element " .. k .. " does not follow the last element " .. n .. "; use string keys for sparse data")
    elseif n == 0 and not arr and next(t) ~= nil then raise("shape", "a map cannot have array elements")
    else alloc(32) end
  elseif kind == STRING then
    if v ~= nil then
      if arr or t[1] ~= nil then raise("shape", "an array cannot have named fields") end
      alloc(32)
    end
  else raise("shape", "table keys must be strings or positive integers, got " .. typename(k)) end
end
-- An entry of a table in the state goes, or comes in another way than the two common ones that SET knows.
local function entry(t, k, v, old)
  local m = t[MK]
  if m.root and v ~= nil and k ~= nil and k[KK] == INTEGER then
    raise("state", "the state is a map; put a list under a name")
  end
  shape(t, k, v, old, m.arr)
  local size = 32
  if k[KK] == STRING then size = size + #k end
  if v == nil then Z = Z - size return end
  Z = Z + size
  if not m.arr then remark(t, m, LIST_AT[m.d]) end
  if Z > STATE_BYTES then BIG() end
end
local function set_aside(t, k, v, old, m) -- a table that is neither new nor in the state
  if m.ev then frozen(m) end
  if old == nil or v == nil then shape(t, k, v, old, m.arr) end
  if m.was then
    if old == v then return end
    log(t, k, old)
  end
  t[k] = v
end
-- The store of the program: first the entry that comes or goes, then the log, then the value.
local function SET(t, k, v)
  local d, old = t[DK], t[k]
  if not d then
    local m = t[MK]
    if m then return set_aside(t, k, v, old, m) end
    if old == nil or v == nil then shape(t, k, v, old, false) end
    t[k] = v
    return
  end
  if not (old and v) and (old == nil or v == nil) then
    if old == v then return end
    local size
    if v == nil then
      entry(t, k, v, old)
      log(t, k, old)
      drop(old)
      t[k] = nil
      return
    elseif d > MAXD then
      if k == #t + 1 then size = 32 end
    elseif k ~= nil and k[KK] == STRING then
      if d == 1 and k == "_provenance" then reserved() end
      size = 32 + #k
    end
    if size then
      local left = M - 32
      M = left
      if left < 0 then MEM() end
      size = Z + size
      Z = size
      if size > STATE_BYTES then BIG() end
    else
      entry(t, k, v, old)
      d = t[DK]
    end
  end
  local n = N + 1
  UT[n] = t UK[n] = k UO[n] = old
  N = n
  local kind = v[KK]
  if kind == INTEGER then
    if v >> 53 ~= 0 and (v > SAFE or v < -SAFE) then unsafe() end
    if old and old[KK] ~= INTEGER then drop(old) end
    t[k] = v
  elseif kind == STRING then
    local z = Z + #v
    if old then
      if old[KK] == STRING then z = z - #old else drop(old) z = Z + #v end
    end
    Z = z
    t[k] = v
    if z > STATE_BYTES then BIG() end
  elseif kind == OTHER then
    if old then drop(old) end
    t[k] = v
  elseif kind == FUNCTION then no_function()
  elseif v ~= old then
    if old then drop(old) end
    if d > MAXD then d = d - MAXD end
    t[k] = attach(v, d + 1, true)
  end
end
local function FREE(t, k) -- before a multiple assignment: the place gives up its table
  local m, old = t[MK], t[k]
  if m and m.d and rtype(old) == "table" then
    log(t, k, old)
    detach(old)
    t[k] = false
  end
end

-- Constructors whose values are known only when they run, and the loops.
local function PACK(...)
  local t, n = { ... }, select("#", ...)
  local length = 0
  for i = 1, n do
    if t[i] ~= nil then
      if i > length + 1 then raise("shape", "a list cannot contain nil") end
      length = i
    end
  end
  charge(n)
  alloc(64 + 32 * n)
  return t
end
local function MAP(...)
  local t, items = {}, { ... }
  local n = select("#", ...)
  charge(n)
  alloc(64)
  for i = 1, n, 2 do SET(t, items[i], items[i + 1]) end
  return t
end
local function TAB(v)
  raise("type", "bad argument #1 to 'for' (table expected, got " .. typename(v) .. ")")
end
local function KEYS(t)
  local keys, n = {}, 0
  if t[1] ~= nil then
    n = #t
    for i = 1, n do keys[i] = i end
  else
    for k in next, t do n = n + 1 keys[n] = k end
  end
  charge(2 * n)
  alloc(64 + 32 * n)
  if t[1] == nil then nsort(keys) end
  return keys
end
local function FREEZE(...) -- tables of the top level
  local function freeze(t)
    local m = t[MK]
    if m and m.ev then return end
    setmt(t, ((m and m.arr) or t[1] ~= nil) and CONST_LIST or CONST_MAP)
    local n = 1
    for _, v in next, t do
      n = n + 1
      if rtype(v) == "table" then freeze(v) end
    end
    charge(n)
  end
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    if rtype(v) == "table" then freeze(v) end
  end
  return ...
end

-- What the libraries build on.
local CORE = {
  raise = raise, charge = charge, alloc = alloc, typename = typename, isnum = isnum, add = add, sub = sub, neg = neg,
  CAT = CAT, LONG = LONG, SET = SET, KEYS = KEYS, MK = MK, KK = KK, STRING = STRING, MAXD = MAXD, MAXSTR = MAXSTR,
  SAFE = SAFE, NEW_LIST = NEW_LIST, WAS_LIST = WAS_LIST, LIST_AT = LIST_AT, log = log, remark = remark, attach = attach, drop = drop, frozen = frozen,
  unsafe = unsafe, no_function = no_function,
}
function CORE.grow(z) -- the state grew by so many logical bytes
  Z = Z + z
  if Z > STATE_BYTES then BIG() end
end
local B = H.library and H.library(H, CORE)
--@BUILTINS@
local function CHUNK()
--@CHUNK@
end
