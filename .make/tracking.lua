-- Asks for complaints at random by their tracking codes; CODES names the file with one code a line.
local codes = {}
for line in io.lines(os.getenv("CODES")) do codes[#codes + 1] = line end
math.randomseed(7)
request = function()
    wrk.headers["Tracking-Code"] = codes[math.random(#codes)]
    return wrk.format("GET", "/v1/tracking", wrk.headers)
end
