-- Files complaints one after another, each with a key of its own; BODIES names the file with one body a line.
local bodies = {}
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local count = 0
math.randomseed(os.time())
local seed = string.format("%08x%08x", math.random(0, 0x7fffffff), math.random(0, 0x7fffffff))
request = function()
    count = count + 1
    local headers = {
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = string.format('"%s-%012d-of-the-benchmark"', seed, count),
    }
    -- Another person each time: who files hundreds is no usual case.
    local body = bodies[count % #bodies + 1]:gsub('"phone": "[^"]*"', '"phone": "1' .. string.format("%010d", math.random(0, 9999999999)) .. '"')
    return wrk.format("POST", "/v1/complaints", headers, body)
end
