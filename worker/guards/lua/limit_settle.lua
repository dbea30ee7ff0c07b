-- What a request really came to, in tokens; below nothing: it was never made.
--
-- KEYS  1 entries, 2 state, as in limit_take.lua
-- ARGV  1 its id, 2 the tokens that it was let through with, 3 what it came to,
--       4 the window's seconds, 5 tokens in it at most (0: no limit),
--       6 seconds since the last of many requests with one leave, which count from then on; else ""

local entries, state = unpack(KEYS)
local id, before, after = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local span, most = tonumber(ARGV[4]), tonumber(ARGV[5])

local was = id .. ':' .. ARGV[2]
local at = redis.call('ZSCORE', entries, was)
if not at then return 0 end -- it has left the window, or all was forgotten
redis.call('ZREM', entries, was)
if ARGV[6] ~= '' then
  local time = redis.call('TIME')
  at = math.max(tonumber(at), time[1] + time[2] / 1000000 - tonumber(ARGV[6]))
  at = string.format('%.6f', at)
end
if after >= 0 then
  redis.call('ZADD', entries, at, id .. ':' .. ARGV[3])
  local ms = math.ceil(span * 1000)
  if redis.call('PTTL', entries) < ms then redis.call('PEXPIRE', entries, ms) end
else
  after = 0
end
redis.call('HINCRBY', state, 'spent', after - before)
if most > 0 then
  local more = math.min(after, most) - math.min(before, most)
  redis.call('HINCRBYFLOAT', state, 'tokens', string.format('%.6f', more * span / most))
end
return 1
