
-- ---- drivers

-- The answer for a driver that may not go on, else nil. A larger epoch is adopted.
local function fence(c, run, epoch, adopt)
  local r = run_fields(c, run, {'epoch'})
  if not r then
    return {'GONE'}
  end
  local seen = tonumber(r.epoch) or 0
  if seen > epoch then
    return {'SUPERSEDED', int(seen)}
  end
  if epoch > seen and adopt then
    call('HSET', run_key(c, run), 'epoch', int(epoch), 'serial', '0')
  end
  return nil
end

define('run', {'allow-oom'}, function(c, a)
  local run, epoch, P = identity(a[1], 'run'), number(a[2], 'epoch'), c.P
  local key, sha, release = run_key(c, run), digest(a[8]), word(a[15], 'release')
  for i, what in pairs({[4] = 'size', [5] = 'stored', [7] = 'algorithm', [9] = 'chunk size',
                        [10] = 'task duration', [11] = 'attempts', [12] = 'max_lost',
                        [13] = 'mark', [14] = 'lease'}) do
    number(a[i], what)
  end
  if #a < 15 or #a > 16 or #a[3] > 63 or #a[6] > 20 or not a[6]:find('^%d+$')
      or tonumber(a[4]) > MAX_INDEX or tonumber(a[14]) < 1 then
    refuse('bad run')
  end
  local ended = tonumber(call('HGET', P .. 'summary:' .. run, 'epoch') or nil)
  if ended and ended >= epoch then -- also a beat that was on its way when the run ended
    return {'SUPERSEDED', int(ended)}
  end
  local stop = fence(c, run, epoch, true)
  local lost = stop and stop[1] == 'GONE'
  if stop and not lost then
    return stop
  end
  if lost then
    forget_run(c, run)
    call('UNLINK', P .. 'summary:' .. run)
    call('ZREM', P .. 'past', run)
    call('HSET', key, 'state', 'open', 'created', int(c.now), 'serial', '0', 'submitted', '0',
         'acked', '0', 'discarded', '0', 'simulated', '0', 'repeated', '0', 'pend', '0',
         'checks', '0', 'bytes', '0', 'full', '0', 'rate', '0', 'rate_ms', int(c.now),
         'rate_n', '0')
  end
  local complete = model_complete(c, sha)
  call('HSET', key, 'epoch', a[2], 'name', a[3], 'n', a[4], 'stored', a[5], 'seed', a[6],
       'algorithm', a[7], 'sha', sha, 'chunk', a[9], 'task_ms', a[10], 'attempts', a[11],
       'max_lost', a[12], 'mark', a[13], 'lease_ms', a[14], 'tally', tally(a[16]), 'beat',
       int(c.now), 'nomodel', complete and '0' or '1')
  call('ZADD', P .. 'runs', 'NX', '0', run)
  call('EXPIRE', P .. 'model:' .. sha, HOUR_MS / 1000)
  call('HSET', c.V, 'driver:' .. run,
       string.format('%d %s %s %.0f', PROTOCOL, release, a[7], c.now))
  local r = run_fields(c, run, {'pend', 'checks'})
  if r.pend ~= '0' then
    hint(c)
  end
  if (tonumber(r.checks or nil) or 0) > 0 then
    hint_all(c)
  end
  return {'OK', lost and '1' or '0', complete and '0' or '1',
          r.state == 'cancelled' and '1' or '0', int(call('LLEN', P .. 'pending:' .. run)),
          r.pend or '0', int(call('ZCARD', P .. 'dead:' .. run)), int(count_slots(c))}
end)

-- What keeps n more entries off a list, else nil and the size of the run. Submissions of all kinds
-- are numbered by one serial.
local function closed_list(c, a, list, n, most)
  local run, serial = identity(a[1], 'run'), number(a[3], 'serial')
  local stop = fence(c, run, number(a[2], 'epoch'), true)
  if stop then
    return stop
  end
  if n ~= math.floor(n) or n > most then
    refuse('bad number of ranges')
  end
  local r = run_fields(c, run, {'serial', 'n'})
  if serial <= (tonumber(r.serial) or 0) then
    return {'REPEAT'}
  end
  local there = call('LLEN', list)
  if there + n > most then
    return {'FULL', int(there)}
  end
  return nil, tonumber(r.n) or 0
end

local function read_range(first, count, size)
  first, count = number(first, 'first'), number(count, 'count')
  if count < 1 or first + count > size then
    refuse('a range outside the run')
  end
  return first, count
end

-- Their catalogues go into the books, by the name of the sum that is kept of the list.
local function book(c, key, serial, name, list, entries, sum)
  if #entries > 0 then
    call('RPUSH', list, unpack(entries))
  end
  call('HINCRBY', key, 'submitted', int(sum))
  call('HINCRBY', key, name, int(sum))
  call('HSET', key, 'serial', serial)
end

define('submit', {}, function(c, a)
  local pending, n, sum, list = c.P .. 'pending:' .. identity(a[1], 'run'), (#a - 3) / 2, 0, {}
  local stop, size = closed_list(c, a, pending, n, MAX_ENTRIES)
  if stop then
    return stop
  end
  for i = 1, n do
    local first, count = read_range(a[2 + 2 * i], a[3 + 2 * i], size)
    sum = sum + count
    list[i] = describe({first = first, count = count, errors = 0, lost = 0})
  end
  book(c, run_key(c, a[1]), a[3], 'pend', pending, list, sum)
  for _ = 1, math.min(n, MAX_HINTS) do
    hint(c)
  end
  return {'OK'}
end)

-- Ranges to be made again by another host than the one named with each.
define('check', {}, function(c, a)
  local checks, n, sum, list = c.P .. 'check:' .. identity(a[1], 'run'), (#a - 3) / 3, 0, {}
  local stop, size = closed_list(c, a, checks, n, MAX_CHECKS)
  if stop then
    return stop
  end
  for i = 1, n do
    local first, count = read_range(a[1 + 3 * i], a[2 + 3 * i], size)
    sum = sum + count
    list[i] = int(first) .. ' ' .. int(count) .. ' ' .. word(a[3 + 3 * i], 'host')
  end
  book(c, run_key(c, a[1]), a[3], 'checks', checks, list, sum)
  hint_all(c)
  return {'OK'}
end)

-- The hosts that the run takes nothing from, all of them.
define('ban', {'allow-oom'}, function(c, a)
  local run, epoch = identity(a[1], 'run'), number(a[2], 'epoch')
  local stop = fence(c, run, epoch, true)
  if stop then
    return stop
  end
  for i = 3, #a do
    word(a[i], 'host')
  end
  if #a > 2 + MAX_BANNED then
    refuse('too many hosts')
  end
  call('HSET', run_key(c, run), 'banned', table.concat(a, ' ', 3))
  return {'OK'}
end)

define('collect', {'no-writes'}, function(c, a)
  local run, epoch, most = identity(a[1], 'run'), number(a[2], 'epoch'), number(a[3], 'size')
  local stop = fence(c, run, epoch, false)
  if stop then
    return stop
  end
  local reply, n, bytes = {'OK'}, 0, 0
  local names = {}
  most = math.min(most, MAX_COLLECT)
  for _, text in ipairs(call('LRANGE', c.P .. 'outmeta:' .. run, 0, MAX_ENTRIES - 1)) do
    local name = {text:match('^(%d+) (%d+) (%x+) (%d+) (%x+)$')}
    bytes = bytes + (tonumber(name[4]) or 0)
    if #name == 0 or (n > 0 and bytes > most) then
      break
    end
    n = n + 1
    names[n] = name
  end
  if n > 0 then
    for i, frame in ipairs(call('LRANGE', c.P .. 'out:' .. run, 0, n - 1)) do
      local name, at = names[i], #reply
      reply[at + 1], reply[at + 2], reply[at + 3] = name[1], name[2], name[3]
      reply[at + 4], reply[at + 5] = name[5], frame
    end
  end
  return reply
end)

define('ackout', {'allow-oom'}, function(c, a)
  local run, epoch, stored = identity(a[1], 'run'), number(a[2], 'epoch'), number(a[3], 'stored')
  local key, outmeta = run_key(c, run), c.P .. 'outmeta:' .. run
  local stop = fence(c, run, epoch, true)
  local n, k, sums, bytes = (#a - 3) / 4, 0, {['0'] = 0, ['1'] = 0}, 0
  if stop then
    return stop
  end
  if n ~= math.floor(n) or n > MAX_NAMES then
    refuse('bad number of names')
  end
  local there = n > 0 and call('LRANGE', outmeta, 0, n - 1) or {}
  while k < #there do
    local at = 4 * k + 3
    local first, count = number(a[at + 1], 'first'), number(a[at + 2], 'count')
    local name = string.format('%.0f %.0f %s ', first, count, checksum(a[at + 3]))
    local verdict = a[at + 4]
    if not sums[verdict] then
      refuse('bad discard')
    end
    if there[k + 1]:sub(1, #name) ~= name then
      break
    end
    bytes = bytes + tonumber(there[k + 1]:match('^%d+ %d+ %x+ (%d+) '))
    sums[verdict] = sums[verdict] + count
    k = k + 1
  end
  if k > 0 then
    call('LTRIM', outmeta, k, -1)
    call('LTRIM', c.P .. 'out:' .. run, k, -1)
    call('HINCRBY', key, 'acked', int(sums['0']))
    call('HINCRBY', key, 'discarded', int(sums['1']))
    call('HINCRBY', key, 'bytes', int(-bytes))
  end
  call('HSET', key, 'stored', int(stored))
  -- Full until it is empty, so that a frame larger than the mark finds its moment.
  if call('HGET', key, 'full') == '1' and call('LLEN', outmeta) == 0 then
    call('HSET', key, 'full', '0')
    hint(c)
  end
  return {'OK', int(k)}
end)

-- Results that nobody will collect, or that lost their frames, become work again.
local function out_to_pending(c, run)
  local list = {}
  for _, text in ipairs(call('LRANGE', c.P .. 'outmeta:' .. run, 0, -1)) do
    local first, count = text:match('^(%d+) (%d+) ')
    if first then
      list[#list + 1] = {first = tonumber(first), count = tonumber(count)}
    end
  end
  call('UNLINK', c.P .. 'outmeta:' .. run, c.P .. 'out:' .. run)
  call('HSET', run_key(c, run), 'bytes', '0', 'full', '0')
  return append(c, run, list)
end

define('mend', {'allow-oom'}, function(c, a)
  local run, epoch = identity(a[1], 'run'), number(a[2], 'epoch')
  local stop = fence(c, run, epoch, true)
  if stop then
    return stop
  end
  local t = count_run(c, run)
  if not t.even then
    out_to_pending(c, run)
    t = count_run(c, run)
  end
  call('HSET', run_key(c, run), 'submitted', int(t.sum), 'acked', int(t.acked),
       'discarded', int(t.discarded), 'pend', int(t.pending), 'checks', int(t.checks),
       'bytes', int(t.bytes), 'full', '0')
  hint(c)
  return {'OK', int(t.sum - t.submitted)}
end)

define('finish', {'allow-oom'}, function(c, a)
  local run, epoch, stored = identity(a[1], 'run'), number(a[2], 'epoch'), number(a[3], 'stored')
  local stop = fence(c, run, epoch, false)
  if stop then
    return stop
  end
  local summary, dead = c.P .. 'summary:' .. run, sum_dead(c, run, {})
  if a[4] then
    call('HSET', run_key(c, run), 'tally', tally(a[4]))
  end
  local fields = call('HGETALL', run_key(c, run))
  local sha = call('HGET', run_key(c, run), 'sha')
  call('UNLINK', summary)
  call('HSET', summary, unpack(fields))
  call('HSET', summary, 'epoch', int(epoch), 'stored', int(stored), 'ended', int(c.now),
       'dead', int(dead))
  call('EXPIRE', summary, HOUR_MS / 1000)
  call('ZADD', c.P .. 'past', int(c.now), run)
  forget_run(c, run)
  drop_model(c, sha)
  return {'OK'}
end)

define('audit', {'no-writes'}, function(c, a)
  local t = count_run(c, identity(a[1], 'run'))
  if not t then
    return {'GONE'}
  end
  return {'OK', int(t.submitted), int(t.acked), int(t.discarded), int(t.pending), int(t.leased),
          int(t.out), int(t.dead), int(count_slots(c)), t.conserved and '1' or '0',
          join_ranges(t.pending_at), join_ranges(t.leased_at), join_ranges(t.out_at),
          join_ranges(t.dead_at), int(t.checks), join_ranges(t.checks_at)}
end)

define('dead', {'no-writes'}, function(c, a)
  local run, start = identity(a[1], 'run'), number(a[2], 'start')
  return {'OK', unpack(call('ZRANGE', c.P .. 'dead:' .. run, int(start),
                            int(start + MAX_ENTRIES - 1)))}
end)

define('model_put', {}, function(c, a)
  local key, part = c.P .. 'model:' .. digest(a[1]), number(a[2], 'part')
  local parts, length = number(a[3], 'parts'), number(a[4], 'length')
  if parts < 1 or parts > 256 or part >= parts or math.ceil(length / PART) ~= parts
      or #(a[5] or '') ~= math.min(PART, length - part * PART) then
    refuse('bad part')
  end
  local old = call('HMGET', key, 'parts', 'length')
  if old[1] and (old[1] ~= a[3] or old[2] ~= a[4]) then
    call('UNLINK', key)
  end
  call('HSET', key, 'parts', a[3], 'length', a[4], int(part), a[5])
  call('EXPIRE', key, HOUR_MS / 1000)
  if call('HLEN', key) == parts + 2 then
    hint(c)
  end
  return {'OK'}
end)

-- An agent got other bytes than the digest's: away with them, and the driver publishes again. Once
-- a minute at most, for the agent may be wrong.
define('model_spoiled', {'allow-oom'}, function(c, a)
  local agent, sha, got = identity(a[1], 'agent'), digest(a[2]), digest(a[3])
  local note = c.P .. 'spoiled:' .. sha
  if sha == got then
    refuse('bad digest')
  end
  if call('EXISTS', note) == 1 or call('EXISTS', c.P .. 'model:' .. sha) == 0 then
    return {'LATER'}
  end
  call('HSET', note, 'agent', agent, 'got', got)
  call('EXPIRE', note, SILENT_MS / 1000)
  call('UNLINK', c.P .. 'model:' .. sha)
  for _, run in ipairs(call('ZRANGE', c.P .. 'runs', 0, MAX_RUNS - 1)) do
    if call('HGET', run_key(c, run), 'sha') == sha then
      call('HSET', run_key(c, run), 'nomodel', '1')
      hint(c, run)
    end
  end
  return {'OK'}
end)

define('model_get', {'no-writes'}, function(c, a)
  local sha, part = digest(a[1]), number(a[2], 'part')
  local got = call('HMGET', c.P .. 'model:' .. sha, 'parts', 'length', int(part))
  if not (got[1] and got[2] and got[3]) or not model_complete(c, sha) then
    return {'NONE'}
  end
  return {'OK', got[1], got[2], got[3]}
end)
