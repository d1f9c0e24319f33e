-- How many there are of each item.
return function(state, event)
  local p = event.payload
  if event.type == "stock" then
    state[p.item] = (state[p.item] or 0) + p.n
  elseif event.type == "sell" then
    state[p.item] = (state[p.item] or 0) - p.n
  end
  return state
end
