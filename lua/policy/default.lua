-- The policy of a new repository: an actor with a key in the trust graph may append as itself.
-- Nothing else is permitted.

return function(intent, facts)
  if intent.verb ~= "append" then
    return {
      verdict = "deny",
      rule = "none",
      reason = "nothing permits " .. intent.verb,
      hint = "activate a policy that has a rule for it",
    }
  end
  if not facts.actor_known then
    return {
      verdict = "deny",
      rule = "append-as-self",
      reason = intent.actor .. " is not in the trust graph",
      hint = "a root runs: git gatos trust add-key " .. intent.actor .. " " .. intent.key,
    }
  end
  if not facts.key_known then
    return {
      verdict = "deny",
      rule = "append-as-self",
      reason = "the key " .. intent.key .. " does not stand for " .. intent.actor .. " in the trust graph",
      hint = "a root runs: git gatos trust add-key " .. intent.actor .. " " .. intent.key,
    }
  end
  return { verdict = "allow", rule = "append-as-self", reason = "an actor with a known key appends as itself" }
end
