-- An upstream asked to be left alone: nobody asks it for so many seconds.
--
-- KEYS  1 closed: upstream -> until when
-- ARGV  1 upstream, 2 seconds

local time = redis.call('TIME')
local till = time[1] + time[2] / 1000000 + ARGV[2]
if till > (tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or 0) then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.6f', till))
end
local ms = math.ceil(ARGV[2] * 1000)
if redis.call('PTTL', KEYS[1]) < ms then redis.call('PEXPIRE', KEYS[1], ms) end
return 1
