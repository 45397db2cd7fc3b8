-- What wrk tells at the end, in one line for load.py. It gives latencies in microseconds.
local thread

setup = function(only_one)
  thread = only_one
end

done = function(summary, latency)
  local seconds = summary.duration / 1e6
  local errors = summary.errors
  io.write(string.format('\nRESULT {"per_second":%f,"median":%f,"p99":%f,"wrong":%f,"failed":%d,"lost":%d}\n',
    summary.requests / seconds, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    (thread:get("wrong") or 0) / seconds, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
