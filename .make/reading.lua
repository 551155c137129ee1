-- Reads complaints at random; REFERENCES names the file with one reference a line.
local references = {}
for line in io.lines(os.getenv("REFERENCES")) do references[#references + 1] = line end
math.randomseed(7)
request = function()
    return wrk.format("GET", "/v1/complaints/" .. references[math.random(#references)], wrk.headers)
end
