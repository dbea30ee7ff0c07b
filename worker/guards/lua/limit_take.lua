-- Lets one request through, or says when to ask again: the whole arithmetic of a limit, atomic.
--
-- KEYS  1 entries: what was let through -> when; a member is ID:TOKENS
--       2 state:   how far each pace has come, the tokens of all entries, the last place given out
--       3 line:    who waits -> place
--       4 told:    who waits -> when it was told to come
--       5 closed:  upstream -> until when it asked to be left alone
--       6 place:   the place of who asks; it outlives coming late
-- ARGV  as limits.py gives them; an empty time is now
-- Gives {1, seconds to wait in place} or {0, seconds until it is worth asking again}, then the
-- requests and tokens in the window, and how many wait.

local entries, state, line, told, closed, place = unpack(KEYS)
local now = tonumber(ARGV[1])
local upstream, who, id, tokens = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local most_requests, most_tokens = tonumber(ARGV[6]), tonumber(ARGV[7])
local span, share = tonumber(ARGV[8]), tonumber(ARGV[9])
local in_place, least, late = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local early, hold, memory = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])

if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end

local function exact(number) return string.format('%.6f', number) end -- else 14 digits are kept

local function keep(key, seconds) -- for at least so long
  local ms = math.ceil(seconds * 1000)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end

local function tokens_of(entry) return tonumber(string.match(entry, ':(%d+)$')) end

-- What has left the window, and who did not come when it was told to.
local found = redis.call('HMGET', state, 'requests', 'tokens', 'spent')
local spent = tonumber(found[3]) or 0
local gone = redis.call('ZRANGEBYSCORE', entries, '-inf', exact(now - span))
if #gone > 0 then
  for _, entry in ipairs(gone) do spent = spent - tokens_of(entry) end
  redis.call('ZREMRANGEBYSCORE', entries, '-inf', exact(now - span))
end
for _, lost in ipairs(redis.call('ZRANGEBYSCORE', told, '-inf', exact(now - hold))) do
  redis.call('ZREM', told, lost)
  redis.call('ZREM', line, lost)
end

local inside = redis.call('ZCARD', entries)
if inside == 0 then spent = 0 end
local opens = math.max(now, tonumber(redis.call('HGET', closed, upstream)) or 0)
local kinds = {}
local function limit(name, most, wanted, mean, pace)
  if most == 0 then return end
  wanted = math.min(wanted, most) -- what is larger than the limit goes through alone
  kinds[#kinds + 1] = {
    name = name, most = most, wanted = wanted, mean = mean, each = span / most,
    credit = wanted + most * share, pace = tonumber(pace) or 0,
  }
end
limit('requests', most_requests, 1, 1, found[1])
limit('tokens', most_tokens, tokens, inside > 0 and spent / inside or tokens, found[2])

-- When so many tokens more have left the window; nil where that is far, but `exactly` however far.
local function freed(need, exactly)
  local from = 0
  while need > 0 do
    local some = redis.call('ZRANGE', entries, from, from + 99, 'WITHSCORES')
    if #some == 0 or (from > 0 and not exactly) then return nil end
    for i = 1, #some, 2 do
      need = need - tokens_of(some[i])
      if need <= 0 then return tonumber(some[i + 1]) + span end
    end
    from = from + 100
  end
  return nil
end

-- When there is room for this one after so many others. Exact after none; else by their average.
local function at(others)
  local time = opens
  for _, kind in ipairs(kinds) do
    local ahead = others * kind.mean
    local paced = math.max(kind.pace, opens) + (ahead + kind.wanted - kind.credit) * kind.each
    local leaves
    if kind.name == 'tokens' then
      leaves = freed(spent + ahead + kind.wanted - kind.most, others == 0)
    elseif others < kind.most and kind.most - others <= inside then
      local nth = kind.most - others - 1
      leaves = tonumber(redis.call('ZREVRANGE', entries, nth, nth, 'WITHSCORES')[2]) + span
    end
    time = math.max(time, paced, leaves or 0)
  end
  return time
end

-- Who was told before me: those still expected, and those of them who should be here by now.
local mine = who ~= '' and redis.call('GET', place)
local ahead = mine and redis.call('ZCOUNT', line, '-inf', '(' .. mine) or redis.call('ZCARD', line)
local due = 0
if ahead > 0 then
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', told, '-inf', exact(now), 'LIMIT', 0, 64)) do
    local theirs = tonumber(redis.call('ZSCORE', line, other) or 0)
    if not mine or theirs < tonumber(mine) then due = due + 1 end
  end
end

-- Room that is there now is anybody's but theirs who are due; room that comes, in order of place.
local first = at(0)
local after_all = ahead == 0 and first or at(ahead)
local may = first <= now + in_place and (after_all <= now + in_place or at(due) <= now)

local wait
if may then
  wait = first - now
  inside, spent = inside + 1, spent + tokens
  redis.call('ZADD', entries, exact(first), id .. ':' .. string.format('%d', tokens))
  keep(entries, wait + span)
  for _, kind in ipairs(kinds) do
    local pace = math.max(kind.pace, first) + kind.wanted * kind.each
    redis.call('HSET', state, kind.name, exact(pace))
  end
  if mine then
    redis.call('ZREM', line, who)
    redis.call('ZREM', told, who)
    redis.call('DEL', place)
  end
else
  wait = math.max(least, opens - now, (after_all - now) * early - late)
  if who ~= '' then
    mine = mine or redis.call('HINCRBY', state, 'last', 1)
    redis.call('ZADD', line, mine, who)
    redis.call('ZADD', told, exact(now + wait), who)
    local furthest = tonumber(redis.call('ZREVRANGE', told, 0, 0, 'WITHSCORES')[2]) - now
    redis.call('SET', place, mine, 'PX', math.ceil((wait + memory) * 1000))
    keep(line, furthest + memory)
    keep(told, furthest + memory)
    keep(state, furthest + memory)
  end
end
redis.call('HSET', state, 'spent', string.format('%d', spent))
keep(state, 2 * span)
return {may and 1 or 0, exact(wait), inside, spent, redis.call('ZCARD', line)}
