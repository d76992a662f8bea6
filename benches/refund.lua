-- One prepared, signed refund, again and again: wrk neither signs nor checks.
local file = assert(io.open(os.getenv("REFUND"), "rb"))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = file:read("*a")
file:close()
