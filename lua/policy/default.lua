-- The policy of a new repository. An actor with a key in the trust graph may append as itself, propose and approve; what
-- acts on all of the repository asks for a capability, which the roots hold. Nothing else is permitted.

-- What an act needs beside a known key: nothing (false), or a capability.
local needs = {
  ["emit"] = false,
  ["propose"] = false,
  ["approve"] = false,
  ["trust.update"] = false, -- the trust graph judges its own versions
  ["publish"] = "bus:publish",
  ["job.enqueue"] = "job:enqueue",
  ["job.claim"] = "job:work",
  ["state.checkpoint"] = "state:checkpoint",
  ["policy.activate"] = "policy:activate",
}

-- Does one of these capabilities cover the one that is asked for? A star at the end stands for any text.
local function covers(caps, asked)
  for _, held in ipairs(caps or {}) do
    local stem = string.sub(held, 1, -2)
    if held == asked or held == "*:*" then return true end
    if string.ends_with(held, "*") and (string.starts_with(asked, stem) or stem == asked .. ":") then return true end
  end
  return false
end

local function deny(rule, reason, hint)
  return { verdict = "deny", rule = rule, reason = reason, hint = hint }
end

return function(intent, facts)
  local verb, actor, key = intent.verb, intent.actor, intent.key
  local need = needs[verb]
  if need == nil then
    return deny("none", "nothing permits " .. verb, "activate a policy that has a rule for it")
  end
  local rule = verb .. "-as-self"
  if not actor then
    return deny(rule, "nothing tells who does this", "the server names who pushes: git gatos hook install --server --identity SOURCE")
  end
  local hint = "a root runs: git gatos trust add-key " .. actor .. " " .. (key or "KEY")
  if not facts.actor_known then
    return deny(rule, actor .. " is not in the trust graph", hint)
  end
  if not facts.key_known then
    return deny(rule, "the key " .. (key or "at hand") .. " does not stand for " .. actor .. " in the trust graph", hint)
  end
  if need and not facts.is_root then
    local about = intent.topic or intent.ns
    local asked = need
    if about then asked = need .. ":" .. about end
    if not covers(facts.caps, asked) then
      return deny(rule, actor .. " does not hold " .. asked, "a holder grants it")
    end
  end
  return { verdict = "allow", rule = rule, reason = "an actor with a known key acts as itself" }
end
