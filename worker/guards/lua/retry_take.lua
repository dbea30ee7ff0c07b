-- One retry of the fleet's budget, or when to ask again. Counts successes by the way.
--
-- KEYS  1 retries:   id -> when it was made
--       2 successes: number of a slice of time -> how many
--       3 queue:     when the last who had to wait was told to come
-- ARGV  1 time, where it is not now; 2 id of the retry, empty: none is wanted;
--       3 successes to be counted; 4 share; 5 floor; 6 seconds of the window;
--       7 seconds that a success counts; 8 seconds of a slice
-- Gives {1 where it may, seconds until it is worth asking again, retries made, retries allowed}.

local retries, successes, queue = unpack(KEYS)
local now = tonumber(ARGV[1])
local id, more, share, floor = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local window, memory, slice = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end

local function exact(number) return string.format('%.6f', number) end
local function keep(key, seconds) redis.call('PEXPIRE', key, math.ceil(seconds * 1000)) end

if more > 0 then
  redis.call('HINCRBY', successes, string.format('%d', math.floor(now / slice)), more)
  keep(successes, memory + slice)
end

-- A slice counts as long as all of it is young enough, less what a process may be late to tell.
local counted = 0
local slices = redis.call('HGETALL', successes)
for i = 1, #slices, 2 do
  if slices[i] * slice >= now - memory + slice / 10 then
    counted = counted + slices[i + 1]
  else
    redis.call('HDEL', successes, slices[i])
  end
end

redis.call('ZREMRANGEBYSCORE', retries, '-inf', exact(now - window))
local made = redis.call('ZCARD', retries)
local allowed = math.floor(share * counted + 0.000001) + floor
if id == '' then return {0, '0', made, allowed} end

if made < allowed then
  redis.call('ZADD', retries, exact(now), id)
  keep(retries, window)
  return {1, '0', made + 1, allowed}
end

-- Those who wait come one behind the other, as the retries of this window leave it.
local leaves = now + window
if allowed > 0 then
  leaves = redis.call('ZRANGE', retries, made - allowed, made - allowed, 'WITHSCORES')[2] + window
end
local told = math.max(tonumber(redis.call('GET', queue)) or 0, leaves)
if told > now + window then told = leaves end
redis.call('SET', queue, exact(told + window / math.max(allowed, 1)), 'PX', math.ceil(window * 2000))
return {0, exact(told - now), made, allowed}
