-- wrk's script: every request another body and another key; prints one line of JSON at the end.
-- Arguments: file of input objects (one JSON object a line), model code ("" for none), run id, shape, pause in ms.
-- Shapes: "decision" (ours and the bare handler's) and "mlflow" (`inputs` is a list of one row).

local counter = 0
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   lines = {}
   for line in io.lines(args[1]) do lines[#lines + 1] = line end
   model, run, shape = args[2], args[3], args[4]
   pause = tonumber(args[5])
   counter = (number + 1) * 7919
   math.randomseed(number + 1)
   -- wrk asks for delays as soon as the function exists, so it exists only where there is a pause.
   if pause > 0 then
      delay = function() return math.floor(-pause * math.log(1 - math.random())) end
   end
end

function request()
   counter = counter + 1
   local line = lines[counter % #lines + 1]
   if shape == "mlflow" then
      return wrk.format("POST", nil, nil, line)
   end
   local name = run .. "-" .. number .. "-" .. counter
   local body = '{"application":"' .. name .. '","customer":"c-' .. name .. '","model":"' .. model ..
      '","inputs":' .. line .. '}'
   wrk.headers["Idempotency-Key"] = name
   return wrk.format("POST", nil, nil, body)
end

function done(summary, latency, requests)
   io.write(string.format(
      '\n{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%.1f,"p99":%.1f,"most":%.1f}\n',
      summary.requests, summary.duration, summary.errors.status,
      summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
      latency:percentile(50), latency:percentile(99), latency.max))
end
