-- Guesses, one after another. Before this load.py sets: guesses, a list of Authorization headers; address, from
-- where they come as far as a trusted proxy says, or nil: each from another.
local count = 0
wrong = 0

request = function()
  count = count + 1
  wrk.headers["Authorization"] = guesses[count % #guesses + 1]
  wrk.headers["X-Forwarded-For"] = address or
    string.format("10.%d.%d.%d", math.floor(count / 62500) % 250, math.floor(count / 250) % 250, count % 250)
  return wrk.format()
end

response = function(status)
  if status == 401 then wrong = wrong + 1 end
end
