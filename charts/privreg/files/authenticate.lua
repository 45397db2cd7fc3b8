-- Authenticates a request whose credential HAProxy does not know yet.
--
-- Two actions, and what they leave in variables:
--
--   lua.authenticate LOGIN SOURCE SECOND WAITING -> txn.verdict: good, wrong, known_wrong, locked, busy, unavailable
--   lua.await_place LIMIT                        -> txn.verdict: place, small, busy
--
-- HAProxy 3.2 aborts a thread that computes for a second, which one bcrypt comparison of cost 14 does. So the
-- `verifier`, a registry process with auth.htpasswd, compares passwords; it is asked over HTTP, one password at a
-- time (maxconn 1 of the backend `verifier`), while this thread goes on serving.

local RUN = os.getenv("RUN")
local PASSWORDS = "unix@" .. RUN .. "/passwords.sock"
local REGISTRY = "unix@" .. RUN .. "/registry.sock"
local LONGEST_PASSWORD = 72 -- bytes; bcrypt ignores the rest
local PATIENCE = 5          -- seconds in which a first attempt may wait for its turn
local SMALL = 65536         -- bytes; an answer of this size is with the client at once, however slowly it reads

local turns = {}   -- the logins (user and source) whose password is being compared
local waiting = 0  -- how many requests wait for a comparison

-- 200, 401, or nil when the verifier does not answer.
local function ask(txn, user, password, priority)
    local response = core.httpclient():get{
        url = "http://verifier/v2/", dst = PASSWORDS, timeout = 30000,
        headers = {
            authorization = {"Basic " .. txn.c:base64(user .. ":" .. password)},
            ["privreg-priority"] = {priority},
        },
    }
    local status = response and response.status
    if status == 200 or status == 401 then return status end
end

local function compare(txn, user, password, priority)
    local status = ask(txn, user, password, priority)
    if status == 401 and txn:get_var("txn.has_previous") then
        status = ask(txn, user .. "+previous", password, priority)
    end
    return status
end

-- The verdict on one credential; nobody else compares one of the same user and source meanwhile.
local function judge(txn, user, password, limits)
    local c = txn.c
    local key, login, source = txn:get_var("txn.key"), txn:get_var("txn.login"), txn:get_var("txn.network")
    local function is_in(table) return c:in_table(key, table) end
    if is_in("verified") then return "good" end
    if is_in("rejected") then return "known_wrong" end

    local proven = is_in("proven") or c:in_table(login, "logins")
    local failed = c:table_gpc0_rate(login, "failed_logins")
    local failed_here = c:table_gpc0_rate(source, "failed_sources")
    if not is_in("proven") and (failed >= limits.login or failed_here >= limits.source) then return "locked" end

    local deadline = core.now().sec + PATIENCE
    while not proven and c:table_gpc0_rate("all", "failed_in_all") >= limits.second do
        if failed > 0 or failed_here > 0 or core.now().sec > deadline then return "busy" end
        core.msleep(100)
    end
    local priority = proven and "1" or (failed_here > 0 or failed > 0) and "3" or "2"
    local status = compare(txn, user, password, priority)
    if status == 200 then return "good" end
    if status == 401 then return "wrong" end
    return "unavailable"
end

local function authenticate(txn, login, source, second, most)
    local credential = txn:get_var("txn.credential")
    local user, password = credential:match("^([A-Za-z0-9][A-Za-z0-9._@-]*):([^%c]*)$")
    if not user or #password > LONGEST_PASSWORD then return txn:set_var("txn.verdict", "known_wrong") end
    if waiting >= tonumber(most) then return txn:set_var("txn.verdict", "busy") end

    local turn = txn:get_var("txn.login")
    waiting = waiting + 1
    while turns[turn] do core.msleep(5) end
    turns[turn] = true
    local limits = {login = tonumber(login), source = tonumber(source), second = tonumber(second)}
    local succeeded, verdict = pcall(judge, txn, user, password, limits)
    turns[turn] = nil
    waiting = waiting - 1
    if not succeeded then core.Alert('{"gateway":"authenticate.lua failed"}') end
    txn:set_var("txn.verdict", succeeded and verdict or "unavailable")
end
core.register_action("authenticate", {"http-req"}, authenticate, 4)

local asking = 0 -- how many requests ask for the size of an answer; the registry reads a whole manifest for that

-- Whether the answer to this GET fits into the buffers on the way to the client.
local function is_small(txn)
    while asking >= 2 do core.msleep(20) end
    asking = asking + 1
    local headers = {accept = txn.http:req_get_headers()["accept"]}
    local response = core.httpclient():head{
        url = "http://registry" .. txn.f:path(), dst = REGISTRY, timeout = 10000, headers = headers,
    }
    asking = asking - 1
    local length = response and response.headers and response.headers["content-length"]
    return response and (response.status ~= 200 or length and tonumber(length[0]) <= SMALL)
end

-- Wait until this reader has fewer than LIMIT downloads under way.
local function await_place(txn, limit)
    local reader, deadline = txn:get_var("txn.reader"), core.now().sec + 300
    if is_small(txn) then return txn:set_var("txn.verdict", "small") end
    while txn.c:table_conn_cur(reader, "downloads") >= tonumber(limit) do
        if core.now().sec > deadline then return txn:set_var("txn.verdict", "busy") end
        core.msleep(50)
    end
    txn:set_var("txn.verdict", "place")
end
core.register_action("await_place", {"http-req"}, await_place, 1)
