-- Adds up what events of type "add" bring.
return function(state, event)
  if event.type == "add" then
    state.count = (state.count or 0) + event.payload.n
  end
  return state
end
