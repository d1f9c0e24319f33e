-- Invoices by id, with how many there are in each status, totals by customer and an index by tag.
local KINDS <const> = { created = true, approved = true, paid = true }

local function bump(t, k, n) t[k] = (t[k] or 0) + n end

local function touch(invoice, event, status)
  invoice.status = status
  invoice.ts = event.ulid
  invoice.history[#invoice.history + 1] = status
end

local function create(state, event)
  local p = event.payload
  local sum = 0
  for _, line in ipairs(p.lines) do sum = sum + line.qty * line.price end
  state.items[p.id] = {
    id = p.id, amount = sum, customer = p.customer, status = "draft", ts = event.ulid, history = { "draft" },
  }
  bump(state.by_status, "draft", 1)
  bump(state.totals, p.customer, sum)
  for _, tag in ipairs(p.tags) do
    if not state.tags[tag] then state.tags[tag] = {} end
    set.add(state.tags[tag], p.id)
  end
end

return function(state, event)
  if not state.items then
    state.items, state.by_status, state.totals, state.tags = {}, {}, {}, {}
  end
  local kind = event.type
  if not KINDS[kind] then return state end
  local invoice = state.items[event.payload.id]
  if kind == "created" then
    create(state, event)
  elseif invoice then
    bump(state.by_status, invoice.status, -1)
    touch(invoice, event, kind)
    bump(state.by_status, kind, 1)
  end
  return state
end
