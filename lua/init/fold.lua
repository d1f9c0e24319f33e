-- The fold of this repository: it turns events into state, one event at a time.
--
--   state   what the events so far have made; {} before the first
--   event   actor, type, payload, ts, seq, ulid, cid and more; it is read-only
--
-- Return the state. Whatever this function does depends on its two arguments alone, so everybody who
-- has the same events computes the same state. Check it with: git gatos lint gatos/fold.lua

return function(state, event)
  if event.type == "add" then
    state.count = (state.count or 0) + event.payload.n
  end
  return state
end
