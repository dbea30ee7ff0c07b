-- What a process says and hears now and then: I am here; who else is, and who is to be left alone?
--
-- KEYS  1 processes: process -> when it was last here
--       2 closed:    upstream -> until when
-- ARGV  1 this process, 2 seconds after which one is thought to be gone, 3 for which nobody closes
--       an upstream: it was closed before this clock was set back
-- Gives how many there are, then each upstream that is closed with the seconds left.

local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZADD', KEYS[1], string.format('%.6f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.6f', now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] * 2000))

local said = {redis.call('ZCARD', KEYS[1])}
local closed = redis.call('HGETALL', KEYS[2])
for i = 1, #closed, 2 do
  local left = tonumber(closed[i + 1]) - now
  if left > 0 and left < tonumber(ARGV[3]) then
    said[#said + 1] = closed[i]
    said[#said + 1] = string.format('%.6f', left)
  else
    redis.call('HDEL', KEYS[2], closed[i])
  end
end
return said
