-- Files complaints one after another, each with a key of its own; BODIES names the file with one body a line. PAUSE, if set,
-- is how many milliseconds each connection waits after an answer.
--
-- What can be put together beforehand is, so that the load itself takes little of the processors it shares.
local parts = {}
for line in io.lines(os.getenv("BODIES")) do
    -- Another person each time: who files hundreds is no usual case.
    local before, after = line:match('^(.*"phone": ")[^"]*(".*)$')
    if not before then before, after = line, nil end
    local length = #before + (after and #after + 11 or 0)
    parts[#parts + 1] = { head = '"\r\nContent-Length: ' .. length .. '\r\n\r\n' .. before, tail = after }
end
local count, seed
local head
math.randomseed(os.time())
init = function()
    seed = string.format("%08x%08x", math.random(0, 0x7fffffff), math.random(0, 0x7fffffff))
    count = 0
    head = 'POST /v1/complaints HTTP/1.1\r\nHost: ' .. wrk.host .. '\r\nContent-Type: application/json\r\nIdempotency-Key: "' .. seed
end
request = function()
    count = count + 1
    local part = parts[count % #parts + 1]
    local start = head .. string.format("-%012d-of-the-benchmark", count) .. part.head
    if not part.tail then return start end
    return start .. "1" .. string.format("%010d", math.random(0, 9999999999)) .. part.tail
end
local pause = tonumber(os.getenv("PAUSE") or "")
if pause then
    delay = function() return math.random(0, 2 * pause) end
end
