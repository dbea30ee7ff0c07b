-- Lets one request through, or says when to ask again: the whole arithmetic of a limit, atomic.
--
-- KEYS  1 entries: what was let through -> when; a member is ID:TOKENS
--       2 state:   how far each pace has come, the tokens of all entries, the last place given out
--       3 lanes:   those in which somebody waits; for each LANE
--                  line:LANE: who waits -> place, and told:LANE: who waits -> when it was to come
--       4 closed:  upstream -> until when it asked to be left alone
--       5 place:   the place of who asks; it outlives coming late
-- ARGV  as limits.py gives them; an empty time is now
-- Gives {1, seconds to wait in place} or {0, seconds until it is worth asking again}, then the
-- requests and tokens in the window, and how many wait.

local entries, state, lanes, closed, place = unpack(KEYS)
local now = tonumber(ARGV[1])
local upstream, who, id, tokens = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local most_requests, most_tokens = tonumber(ARGV[6]), tonumber(ARGV[7])
local span, share = tonumber(ARGV[8]), tonumber(ARGV[9])
local in_place, least, late = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local early, hold, memory = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local root, lane = ARGV[16], ARGV[17]

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
local function leave(from, till)
  local gone = redis.call('ZRANGEBYSCORE', entries, from, till)
  if #gone == 0 then return end
  for _, entry in ipairs(gone) do spent = spent - tokens_of(entry) end
  redis.call('ZREMRANGEBYSCORE', entries, from, till)
end
leave('-inf', exact(now - span))
leave('(' .. exact(now + span), '+inf') -- this clock was set back: such a time means nothing
local function line_of(name) return root .. ':line:' .. name end
local function told_of(name) return root .. ':told:' .. name end
local sizes, waiting = {}, 0
for _, name in ipairs(redis.call('SMEMBERS', lanes)) do
  local function lose(from, till)
    for _, lost in ipairs(redis.call('ZRANGEBYSCORE', told_of(name), from, till)) do
      redis.call('ZREM', told_of(name), lost)
      redis.call('ZREM', line_of(name), lost)
    end
  end
  lose('-inf', exact(now - hold))
  lose('(' .. exact(now + memory), '+inf')
  sizes[name] = redis.call('ZCARD', line_of(name))
  waiting = waiting + sizes[name]
  if sizes[name] == 0 then redis.call('SREM', lanes, name) end
end

local inside = redis.call('ZCARD', entries)
if inside == 0 then spent = 0 end
local shut = tonumber(redis.call('HGET', closed, upstream)) or 0
if shut > now + memory then shut = 0 end
local opens = math.max(now, shut)
local kinds = {}
local function limit(name, most, wanted, mean, pace)
  if most == 0 then return end
  wanted = math.min(wanted, most) -- what is larger than the limit goes through alone
  pace = tonumber(pace) or 0
  if pace > now + 3 * span then pace = 0 end
  kinds[#kinds + 1] = {
    name = name, most = most, wanted = wanted, mean = mean, each = span / most,
    credit = wanted + most * share, pace = pace,
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

-- When there is room for this one after so many others, that begin at a time or later. Exact after
-- none; else by their average.
local function at(others, begin)
  local time = begin
  for _, kind in ipairs(kinds) do
    local ahead = others * kind.mean
    local paced = math.max(kind.pace, begin) + (ahead + kind.wanted - kind.credit) * kind.each
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

-- Who goes before me: of my lane who was told before, and as many of each other lane, for they take
-- turns. And those of them who should be here by now.
local line, told = line_of(lane), told_of(lane)
local mine = who ~= '' and redis.call('GET', place)
local mates = mine and redis.call('ZCOUNT', line, '-inf', '(' .. mine) or redis.call('ZCARD', line)
local ahead, due = mates, 0
if mates > 0 then
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', told, '-inf', exact(now), 'LIMIT', 0, 64)) do
    local theirs = tonumber(redis.call('ZSCORE', line, other) or 0)
    if not mine or theirs < tonumber(mine) then due = due + 1 end
  end
  for name, size in pairs(sizes) do
    if name ~= lane then
      ahead = ahead + math.min(mates, size)
      due = due + math.min(mates, redis.call('ZCOUNT', told_of(name), '-inf', exact(now)))
    end
  end
end

-- Room that comes is given away in order of place. Room that is there now is anybody's, but theirs
-- who are due; and that of those too, when it has been there for long.
local opened = at(0, shut)
local first = math.max(now, opened)
local after_all = ahead == 0 and first or at(ahead, opens)
local may = first <= now + in_place and (
  after_all <= now + in_place
  or opened <= now - 0.75 * hold
  or first <= now and at(due, opens) <= now
)

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
    waiting = waiting - redis.call('ZREM', line, who)
    redis.call('ZREM', told, who)
    redis.call('DEL', place)
  end
else
  wait = math.min(memory, math.max(least, (after_all - now) * early - late))
  wait = math.max(wait, opens - now)
  if who ~= '' then
    if not mine then mine = redis.call('HINCRBY', state, 'last', 1) end
    waiting = waiting + redis.call('ZADD', line, mine, who)
    redis.call('ZADD', told, exact(now + wait), who)
    redis.call('SADD', lanes, lane)
    redis.call('SET', place, mine, 'PX', math.ceil((wait + memory) * 1000))
    for _, key in ipairs({line, told, lanes, state}) do keep(key, wait + memory) end
  end
end
redis.call('HSET', state, 'spent', string.format('%d', spent))
keep(state, 2 * span)
return {may and 1 or 0, exact(wait), inside, spent, waiting}
