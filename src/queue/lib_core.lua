#!lua name=etas_v1
-- The pool's moves; docs/protocol.md is the contract. Numbers leave Lua through int(): `..` and
-- tostring() would write 15 digits and more as 1e+15.

local REVISION = 12
local PROTOCOL = 1
local SILENT_MS = 60000 -- a driver or an agent that says nothing is away
local GONE_MS = 600000 -- and after this it is gone
local HOUR_MS, DAY_MS, WEEK_MS = 3600000, 86400000, 604800000
local MAX_INDEX = 2 ^ 48
local MAX_ENTRIES, MAX_NAMES, MAX_CHECKS = 1000, 4096, 256
local MAX_LEASES, MAX_FRAMES, MAX_DEAD = 65536, 65536, 100000
local MAX_RUNS, MAX_HINTS, MAX_BANNED = 256, 4, 64
local MAX_FRAME, MAX_LONE_FRAME, MAX_COLLECT = 2 ^ 20, 2 ^ 28, 2 ^ 23
local PART = 2 ^ 22
local FIRST_CHUNK = 64 -- for an agent that has measured no rate yet

-- redis.call is not there yet while the library is loaded.
local function call(...)
  return redis.call(...)
end

local function refuse(what)
  error({err = 'ETAS ' .. what})
end

local function int(x)
  return string.format('%.0f', x == 0 and 0 or x) -- never "-0"
end

-- A decimal integer below 2^53 from outside.
local function number(text, what)
  if type(text) ~= 'string' or #text > 16 or not text:find('^%d+$') then
    refuse('bad ' .. what)
  end
  local x = tonumber(text)
  if x >= 2 ^ 53 then
    refuse('bad ' .. what)
  end
  return x
end

local function identity(text, what)
  if type(text) ~= 'string' or #text ~= 32 or not text:find('^[0-9a-f]+$') then
    refuse('bad ' .. what)
  end
  return text
end

local function digest(text)
  if type(text) ~= 'string' or #text ~= 64 or not text:find('^[0-9a-f]+$') then
    refuse('bad digest')
  end
  return text
end

local function checksum(text)
  if type(text) ~= 'string' or #text ~= 16 or not text:find('^[0-9a-f]+$') then
    refuse('bad checksum')
  end
  return text
end

local function word(text, what)
  if type(text) ~= 'string' or #text > 64 or not text:find('^[%w%._:+-]+$') then
    refuse('bad ' .. what)
  end
  return text
end

-- A decimal number below 2^53 from outside, kept as it was written.
local function decimal(text, what)
  if type(text) ~= 'string' or #text > 24 or not text:find('^%d+%.?%d*$')
      or tonumber(text) >= 2 ^ 53 then
    refuse('bad ' .. what)
  end
  return text
end

local function words(text, what)
  local list = {}
  if type(text) ~= 'string' or #text > 640 then
    refuse('bad ' .. what)
  end
  for x in text:gmatch('%S+') do
    list[#list + 1] = x
  end
  return list
end

-- What an agent says of itself, 'simulated tasks sent received busy_s cpu_s memory', as it is kept.
-- The first edition of the library knew the first number alone.
local function statistics(text)
  local list = words(text, 'statistics')
  if #list == 1 then
    list = {list[1], '0', '0', '0', '0', '0', '0'}
  elseif #list ~= 7 then
    refuse('bad statistics')
  end
  for i, x in ipairs(list) do
    list[i] = (i == 5 or i == 6) and decimal(x, 'statistics') or int(number(x, 'statistics'))
  end
  return table.concat(list, ' ')
end

-- What a driver says of its tasks: 'tasks bytes wall_s cpu_s', then the slowest of them, three at
-- most, as 'wall_s first count host'.
local function tally(text)
  if text == nil then -- a driver of the first edition
    return ''
  end
  local list = words(text, 'tally')
  if #list < 4 or #list > 16 or #list % 4 ~= 0 then
    refuse('bad tally')
  end
  for i = 1, #list do
    local x = list[i]
    if i <= 2 or (i > 4 and (i % 4 == 2 or i % 4 == 3)) then
      list[i] = int(number(x, 'tally'))
    elseif i > 4 and i % 4 == 0 then
      word(x, 'tally')
    else
      decimal(x, 'tally')
    end
  end
  return table.concat(list, ' ')
end

-- Registers etas_v1_NAME; the body gets what every function needs and its arguments.
local function define(name, flags, body)
  redis.register_function({
    function_name = 'etas_v1_' .. name,
    flags = flags,
    callback = function(keys, args)
      local prefix = keys[1] and keys[1]:match('^(etas:{[%w%-_%.]+}:v1:)pool$')
      if not prefix then
        refuse('bad pool key')
      end
      local time = call('TIME')
      local c = {P = prefix, V = prefix:sub(1, -4) .. 'versions'}
      c.us = tonumber(time[1]) * 1e6 + tonumber(time[2])
      c.now = math.floor(c.us / 1000)
      return body(c, args)
    end
  })
end

local function run_key(c, run)
  return c.P .. 'run:' .. run
end

-- Fields of a run as a table; nil when the run is not there.
local function run_fields(c, run, names)
  local values = call('HMGET', run_key(c, run), 'state', unpack(names))
  if not values[1] then
    return nil
  end
  local r = {state = values[1]}
  for i, name in ipairs(names) do
    r[name] = values[i + 1]
  end
  return r
end

local function hint(c, run)
  local key, most = c.P .. 'wake', MAX_HINTS
  if run then
    key, most = key .. ':' .. run, 1
  end
  if call('LLEN', key) < most then
    call('RPUSH', key, '1')
  end
end

-- When whoever hears it first may be of the wrong host.
local function hint_all(c)
  for _ = 1, MAX_HINTS do
    hint(c)
  end
end

-- ---- descriptors and leases

local function describe(d)
  return string.format('%.0f %.0f %.0f %.0f', d.first, d.count, d.errors, d.lost)
end

local function read_descriptor(text)
  local first, count, errors, lost = text:match('^(%d+) (%d+) (%d+) (%d+)$')
  if not first then
    return nil
  end
  return {first = tonumber(first), count = tonumber(count),
          errors = tonumber(errors), lost = tonumber(lost)}
end

local function lease_member(l)
  return string.format('%.0f %s %s %s', l.token, l.run, describe(l), l.agent)
end

local function read_member(member)
  local token, run, text, agent = member:match('^(%d+) (%x+) (%d+ %d+ %d+ %d+) (%x+)$')
  local l = token and read_descriptor(text)
  if not l then
    return nil
  end
  l.token, l.run, l.agent = tonumber(token), run, agent
  return l
end

-- What is left of a check would be anybody's, also of the host that it is not meant for.
local function is_check(token)
  return token % 2 == 1
end

-- The argument LEASE of an agent.
local function read_lease(agent, text)
  local l = type(text) == 'string' and #text < 128 and read_member(text .. ' ' .. agent)
  if not l or #l.run ~= 32 or l.count < 1 or l.first + l.count > MAX_INDEX or l.token >= 2 ^ 53
      or l.errors > 1e6 or l.lost > 1e6 then
    refuse('bad lease')
  end
  return l
end

-- Put descriptors back at the head of pending, in order. Clean neighbours grow together again.
local function put_back(c, run, list)
  local key, sum = c.P .. 'pending:' .. run, 0
  for i = #list, 1, -1 do
    local d = list[i]
    local head = call('LINDEX', key, 0)
    sum = sum + d.count
    head = head and read_descriptor(head)
    if head and d.errors + d.lost + head.errors + head.lost == 0
        and d.first + d.count == head.first then
      call('LSET', key, 0, describe({first = d.first, count = d.count + head.count,
                                     errors = 0, lost = 0}))
    elseif d.count > 0 then
      call('LPUSH', key, describe(d))
    end
  end
  call('HINCRBY', run_key(c, run), 'pend', int(sum))
  hint(c)
end

-- Append ranges to the tail of pending, neighbours merged.
local function append(c, run, list)
  local key, sum, batch, last = c.P .. 'pending:' .. run, 0, {}, nil
  for _, d in ipairs(list) do
    sum = sum + d.count
    if last and last.first + last.count == d.first then
      last.count = last.count + d.count
    else
      last = {first = d.first, count = d.count, errors = 0, lost = 0}
      batch[#batch + 1] = last
    end
  end
  for _, d in ipairs(batch) do
    call('RPUSH', key, describe(d))
  end
  call('HINCRBY', run_key(c, run), 'pend', int(sum))
  hint(c)
  return sum
end

-- The same lease in the index by agent, which spares a pass over everybody's leases.
local function held_name(l)
  return string.format('%s %.0f %s %s', l.agent, l.token, l.run, describe(l))
end

local function add_lease(c, l, deadline)
  call('ZADD', c.P .. 'leases', int(deadline), lease_member(l))
  call('ZADD', c.P .. 'held', '0', held_name(l))
end

-- Whether it was there.
local function end_lease(c, l)
  call('ZREM', c.P .. 'held', held_name(l))
  return call('ZREM', c.P .. 'leases', lease_member(l)) == 1
end

-- The index made anew where it has not kept up: an older edition wrote the leases, or one key was
-- lost.
local function index_leases(c)
  if call('ZCARD', c.P .. 'held') == call('ZCARD', c.P .. 'leases') then
    return
  end
  call('UNLINK', c.P .. 'held')
  for _, member in ipairs(call('ZRANGE', c.P .. 'leases', 0, -1)) do
    local l = read_member(member)
    if l then
      call('ZADD', c.P .. 'held', '0', held_name(l))
    else
      call('ZREM', c.P .. 'leases', member)
    end
  end
end

-- End a lease; its range goes back as it is. Without its run it just ends.
local function give_back(c, l)
  if end_lease(c, l) and call('EXISTS', run_key(c, l.run)) == 1 then
    put_back(c, l.run, {l})
    return l.count
  end
  return 0
end

-- All leases of one agent.
local function leases_of(c, agent)
  local found = {}
  for _, name in ipairs(call('ZRANGE', c.P .. 'held', '[' .. agent .. ' ', '(' .. agent .. '!',
                             'BYLEX')) do
    found[#found + 1] = read_member(name:sub(34) .. ' ' .. agent)
  end
  return found
end

-- ---- the dead

-- Of a registered agent.
local function host_of(c, agent)
  local info = call('HGET', c.P .. 'info', agent)
  return info and info:match('^(%S+)')
end

-- host: that of the worker that tried last, when it is known.
local function bury(c, run, d, signal, message, host)
  local text = string.format('%s %.0f %s%s', describe(d), signal, host and '@' .. host .. ' ' or '',
                             message:gsub('[^\32-\126]', '?'):sub(1, 190))
  if call('ZADD', c.P .. 'dead:' .. run, int(d.first), text) == 0 then
    call('HINCRBY', run_key(c, run), 'discarded', int(d.count)) -- died before, word for word
  end
  hint(c, run)
end

local function dead_full(c, run)
  return call('ZCARD', c.P .. 'dead:' .. run) >= MAX_DEAD
end

-- ---- sums, recounted from the structures; each may also collect the ranges

local function add_range(ranges, first, count)
  local n = #ranges
  if n > 0 and ranges[n - 1] + ranges[n] == first then
    ranges[n] = ranges[n] + count
  else
    ranges[n + 1], ranges[n + 2] = first, count
  end
end

local function join_ranges(ranges)
  local text = {}
  for i, x in ipairs(ranges) do
    text[i] = int(x)
  end
  return table.concat(text, ' ')
end

local function sum_pending(c, run, ranges)
  local sum = 0
  for _, text in ipairs(call('LRANGE', c.P .. 'pending:' .. run, 0, -1)) do
    local first, count = text:match('^(%d+) (%d+) ')
    if first then
      sum = sum + count
      add_range(ranges, tonumber(first), tonumber(count))
    end
  end
  return sum
end

-- Catalogues leased, by run, and the set of agents that hold them; ranges are those of the run of
-- that name.
local function sum_leases(c, run, ranges)
  local sums, holders = {}, {}
  for _, member in ipairs(call('ZRANGE', c.P .. 'leases', 0, -1)) do
    local of, first, count, agent = member:match('^%d+ (%x+) (%d+) (%d+) %d+ %d+ (%x+)$')
    if of then
      sums[of] = (sums[of] or 0) + count
      holders[agent] = true
      if of == run then
        add_range(ranges, tonumber(first), tonumber(count))
      end
    end
  end
  return sums, holders
end

-- Of texts that begin with a first catalogue and a count.
local function sum_texts(texts, ranges)
  local sum = 0
  for _, text in ipairs(texts) do
    local first, count = text:match('^(%d+) (%d+) ')
    if first then
      sum = sum + tonumber(count)
      add_range(ranges, tonumber(first), tonumber(count))
    end
  end
  return sum
end

local function sum_dead(c, run, ranges)
  return sum_texts(call('ZRANGE', c.P .. 'dead:' .. run, 0, -1), ranges)
end

local function sum_out(c, run, ranges)
  local sum, bytes = 0, 0
  for _, text in ipairs(call('LRANGE', c.P .. 'outmeta:' .. run, 0, -1)) do
    local first, count, length = text:match('^(%d+) (%d+) %x+ (%d+) %x+$')
    if first then
      sum, bytes = sum + tonumber(count), bytes + tonumber(length)
      add_range(ranges, tonumber(first), tonumber(count))
    end
  end
  return sum, bytes
end

-- Everything the conservation law is about, and whether it holds.
local function count_run(c, run, leased)
  local r = run_fields(c, run, {'submitted', 'acked', 'discarded', 'pend', 'checks', 'bytes'})
  if not r then
    return nil
  end
  local t = {pending_at = {}, checks_at = {}, leased_at = {}, out_at = {}, dead_at = {}}
  t.submitted, t.acked = tonumber(r.submitted) or 0, tonumber(r.acked) or 0
  t.discarded = tonumber(r.discarded) or 0
  t.pending = sum_pending(c, run, t.pending_at)
  t.checks = sum_texts(call('LRANGE', c.P .. 'check:' .. run, 0, -1), t.checks_at)
  t.leased = (leased or sum_leases(c, run, t.leased_at))[run] or 0
  t.out, t.bytes = sum_out(c, run, t.out_at)
  t.dead = sum_dead(c, run, t.dead_at)
  t.sum = t.pending + t.checks + t.leased + t.out + t.acked + t.dead + t.discarded
  t.even = call('LLEN', c.P .. 'out:' .. run) == call('LLEN', c.P .. 'outmeta:' .. run)
  t.conserved = t.submitted == t.sum and t.even and tonumber(r.pend) == t.pending
    and (tonumber(r.checks or nil) or 0) == t.checks and tonumber(r.bytes) == t.bytes
  return t
end

local function count_slots(c)
  local agents = call('ZRANGEBYSCORE', c.P .. 'agents', '(' .. int(c.now - SILENT_MS), '+inf')
  local slots = 0
  for at = 1, #agents, 1000 do
    local infos = call('HMGET', c.P .. 'info',
                       unpack(agents, at, math.min(at + 999, #agents)))
    for _, info in ipairs(infos) do
      slots = slots + tonumber(info and info:match('^%S+ %d+ (%d+) ') or 0)
    end
  end
  return slots
end

local function forget_run(c, run)
  local P = c.P
  for _, member in ipairs(call('ZRANGE', P .. 'leases', 0, -1)) do
    local l = read_member(member)
    if l and l.run == run then
      end_lease(c, l)
    end
  end
  call('UNLINK', P .. 'pending:' .. run, P .. 'outmeta:' .. run, P .. 'out:' .. run,
       P .. 'dead:' .. run, P .. 'wake:' .. run, P .. 'check:' .. run, P .. 'run:' .. run)
  call('ZREM', P .. 'runs', run)
  call('HDEL', c.V, 'driver:' .. run)
end

local function drop_model(c, sha)
  for _, run in ipairs(call('ZRANGE', c.P .. 'runs', 0, -1)) do
    if call('HGET', run_key(c, run), 'sha') == sha then
      return
    end
  end
  if sha then
    call('UNLINK', c.P .. 'model:' .. sha)
  end
end

local function model_complete(c, sha)
  local key = c.P .. 'model:' .. sha
  local parts = tonumber(call('HGET', key, 'parts') or nil)
  return parts ~= nil and call('HLEN', key) == parts + 2
end
