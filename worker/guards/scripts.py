"""What Redis does for breakers, in one step each; times are its own, in milliseconds.

Of a breaker there are three keys: a hash with its state, a hash of calls by the second and outcome
("1767268800:bad") with how the last of them ended ("last", for a day: where few ask, an outage is
known by that), and the lease of whoever probes it.
Each script is told until when it is worth anything: a Redis that hung carries out later what nobody
waits for any more.
"""

PRELUDE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = tonumber(ARGV[1])
if deadline > 0 and now > deadline then
  return {now}
end
local function whole(number)
  return string.format('%.0f', number)
end
"""

SYNC = (
    PRELUDE
    + """
local KEPT_SECONDS = 86400
local EPOCH = 1000000000000

local function stored_of(key)
  local found = redis.call('HMGET', key,
    'generation', 'state', 'since', 'interval', 'until', 'closed_at', 'cause')
  if not found[1] then
    return nil
  end
  return {generation = tonumber(found[1]), state = found[2], since = tonumber(found[3]),
    interval = tonumber(found[4]), until_ = tonumber(found[5]), closed_at = tonumber(found[6]),
    cause = found[7]}
end

local function count(key, told)
  for _, one in ipairs(told.counts) do
    local second = whole(math.floor(now / 1000) - one[1])
    if one[2] > 0 then redis.call('HINCRBY', key, second .. ':good', one[2]) end
    if one[3] > 0 then redis.call('HINCRBY', key, second .. ':bad', one[3]) end
  end
  if #told.counts > 0 then
    local last = (redis.call('HGET', key, 'last') or '') .. told.last
    redis.call('HSET', key, 'last', string.sub(last, -told.most))
    redis.call('EXPIRE', key, KEPT_SECONDS)
  end
end

local function sum(key, window)
  local good, bad, last, old = 0, 0, '', {}
  local oldest = now / 1000 - window
  local found = redis.call('HGETALL', key)
  for i = 1, #found, 2 do
    local second, kind = string.match(found[i], '^(%d+):(%a+)$')
    if found[i] == 'last' then
      last = found[i + 1]
    elseif tonumber(second) < oldest then
      old[#old + 1] = found[i]
    elseif kind == 'good' then
      good = good + found[i + 1]
    else
      bad = bad + found[i + 1]
    end
  end
  for _, field in ipairs(old) do
    redis.call('HDEL', key, field)
  end
  return good, bad, last
end

local function store(key, told)
  local generation = told.generation
  if generation < EPOCH then
    generation = generation + now
  end
  local closed_at = 0
  if told.closed_ago >= 0 then
    closed_at = now - told.closed_ago * 1000
  end
  redis.call('HSET', key, 'generation', whole(generation), 'state', told.state,
    'since', told.since, 'interval', told.interval, 'until', whole(now + told.due_in * 1000),
    'closed_at', whole(closed_at), 'cause', told.cause)
  return stored_of(key)
end

local answers = {now}
for i, told in ipairs(cjson.decode(ARGV[2])) do
  local state, calls, probe = KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1]
  local stored = stored_of(state)
  local counts = not stored or (stored.state == 'closed'
    and (told.counted_in == 0 or told.counted_in == stored.generation))
  if counts then
    count(calls, told)
  end
  local took = false
  if stored == nil then
    stored, took = store(state, told), true
  elseif told.generation > stored.generation and told.heard >= stored.generation then
    redis.call('DEL', probe)
    if told.state == 'closed' then
      redis.call('DEL', calls)
    end
    stored, took = store(state, told), true
  end
  if took and not counts and told.counted_in == told.generation and told.state == 'closed' then
    count(calls, told)
  end
  if told.back and redis.call('GET', probe) == told.back.token then
    redis.call('DEL', probe)
    stored.until_ = now + told.back.seconds * 1000
    redis.call('HSET', state, 'until', whole(stored.until_))
  end
  if told.probe and stored.state == 'open' and told.probe.seconds > 0 then
    local held = redis.call('GET', probe)
    if not held or held == told.probe.token then
      redis.call('SET', probe, told.probe.token, 'PX', whole(told.probe.seconds * 1000 + 1))
    end
  end
  redis.call('EXPIRE', state, KEPT_SECONDS)
  redis.call('ZADD', KEYS[1], now, told.name)
  local good, bad, last = sum(calls, told.window)
  answers[#answers + 1] = {whole(stored.generation), stored.state, tostring(stored.since),
    tostring(stored.interval), whole(stored.until_), whole(stored.closed_at), stored.cause,
    took and 1 or 0, good, bad, last, redis.call('PTTL', probe)}
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - KEPT_SECONDS * 1000)
redis.call('EXPIRE', KEYS[1], KEPT_SECONDS)
return answers
"""
)
"""Keys: names by when they were told last, then three a breaker. Arguments: deadline, tellings."""

LEASE = (
    PRELUDE
    + """
local stored = redis.call('HMGET', KEYS[1], 'generation', 'state', 'until')
if stored[1] ~= ARGV[2] or stored[2] ~= 'open' then
  return {now, -1}
end
local due = tonumber(stored[3])
if now < due then
  return {now, due - now}
end
if redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) then
  return {now, 0}
end
return {now, math.max(1, redis.call('PTTL', KEYS[2]))}
"""
)
"""Keys: state, lease. Arguments: the deadline, generation, token, milliseconds. 0: it is yours."""

RESET = (
    PRELUDE
    + """
local generation = math.max(now, (tonumber(redis.call('HGET', KEYS[2], 'generation')) or 0) + 1)
redis.call('HSET', KEYS[2], 'generation', string.format('%.0f', generation), 'state', 'closed',
  'since', tostring(now / 1000), 'interval', '0', 'until', '0',
  'closed_at', string.format('%.0f', now), 'cause', '')
redis.call('EXPIRE', KEYS[2], 86400)
redis.call('DEL', KEYS[3], KEYS[4])
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('EXPIRE', KEYS[1], 86400)
return {now}
"""
)
"""Keys: the names, then three of the breaker. Arguments: the deadline, its name."""
