
-- ---- agents

-- Leases of an agent that it does not hold (claims whose reply was lost) go back.
local function reconcile(c, agent, held)
  local list, sum = {}, 0
  for _, l in ipairs(leases_of(c, agent)) do
    if not held[int(l.token) .. l.run] then
      list[#list + 1] = l
    end
  end
  -- The head ends up in order.
  table.sort(list, function(x, y)
    return x.first > y.first or (x.first == y.first and x.token > y.token)
  end)
  for _, l in ipairs(list) do
    sum = sum + give_back(c, l)
  end
  return sum
end

-- Protocols of live participants other than this one, when none of them speaks ours.
local function foreign_protocols(c, agent)
  if call('ZCOUNT', c.P .. 'agents', int(c.now - GONE_MS), '+inf') > 0
      or call('ZCARD', c.P .. 'runs') > 0 then
    return nil
  end
  local all, seen, list = call('HGETALL', c.V), {}, {}
  for i = 1, #all, 2 do
    local protocol, ms = all[i + 1]:match('^(%d+) %S+ %S+ (%d+)')
    if protocol and all[i] ~= agent and c.now - tonumber(ms) < GONE_MS then
      if tonumber(protocol) == PROTOCOL then
        return nil
      end
      if not seen[protocol] then
        seen[protocol] = true
        list[#list + 1] = protocol
      end
    end
  end
  return #list > 0 and table.concat(list, ' '):sub(1, 60) or nil
end

local function slots_of(c, agent)
  local info = call('HGET', c.P .. 'info', agent)
  return tonumber(info and info:match('^%S+ %d+ (%d+) ') or 0)
end

define('hello', {'allow-oom'}, function(c, a)
  local agent, P = identity(a[1], 'agent'), c.P
  local host, pid, slots = word(a[2], 'host'), number(a[3], 'pid'), number(a[4], 'slots')
  local busy, release, algorithm = number(a[5], 'busy'), word(a[6], 'release'),
                                   number(a[7], 'algorithm')
  local told, held = statistics(a[8]), {}
  if #a - 8 > MAX_NAMES then
    refuse('too many leases')
  end
  call('HSET', c.V, agent, string.format('%d %s %.0f %.0f', PROTOCOL, release, algorithm, c.now))
  local foreign = foreign_protocols(c, agent)
  if foreign then
    return {'INCOMPATIBLE', foreign}
  end
  for i = 9, #a do
    local l = read_lease(agent, a[i])
    held[int(l.token) .. l.run] = true
  end
  local sum = reconcile(c, agent, held)
  local old = call('HGET', P .. 'info', agent)
  local since = old and old:match('(%d+)$') or int(c.now)
  call('HINCRBY', P .. 'pool', 'slots', int(slots - slots_of(c, agent)))
  call('HSET', P .. 'info', agent,
       string.format('%s %.0f %.0f %.0f %s %.0f %s %s', host, pid, slots, busy, release,
                     algorithm, told, since))
  call('ZADD', P .. 'agents', int(c.now), agent)
  return {'OK', int(sum)}
end)

local function forget_agent(c, agent)
  call('ZREM', c.P .. 'agents', agent)
  call('UNLINK', c.P .. 'wake:' .. agent)
  call('HDEL', c.P .. 'info', agent)
  call('HDEL', c.V, agent)
end

define('bye', {'allow-oom'}, function(c, a)
  local agent = identity(a[1], 'agent')
  local sum = reconcile(c, agent, {})
  call('HINCRBY', c.P .. 'pool', 'slots', int(-slots_of(c, agent)))
  forget_agent(c, agent)
  call('HDEL', c.P .. 'marks', agent)
  return {'OK', int(sum)}
end)

-- A word for the agent, if there is one: it is unknown, or marked.
local function command_for(c, agent)
  if not call('ZSCORE', c.P .. 'agents', agent) then
    return 'HELLO'
  end
  call('ZADD', c.P .. 'agents', int(c.now), agent)
  local mark = call('HGET', c.P .. 'marks', agent)
  return mark and (mark:find('^now') and 'NOW' or 'STOP') or nil
end

local function chunk_of(r, live, rate, remaining)
  local chunk, share = tonumber(r.chunk) or 0, (tonumber(r.pend) or 0) / (4 * live)
  if chunk >= 1 then
    chunk = r.split == '1' and math.min(chunk, share) or chunk -- it has been too large once
  else
    chunk = share
    if rate > 0 then
      chunk = math.min(chunk, rate * (tonumber(r.task_ms) or 0) / 1000)
      if remaining then
        chunk = math.min(chunk, rate * remaining)
      end
    else
      chunk = math.min(chunk, FIRST_CHUNK)
    end
  end
  return math.max(1, math.min(math.floor(chunk), 2 ^ 31 - 1))
end

-- Whether the run takes nothing from this host.
local function banned(r, host)
  return r.banned and host and (' ' .. r.banned .. ' '):find(' ' .. host .. ' ', 1, true) ~= nil
end

-- Why nobody may claim from this run now, or nobody of that host, else nil.
local function closed(c, run, r, algorithm, host)
  if r.state ~= 'open' then
    return 'cancelled'
  elseif banned(r, host) then
    return 'banned'
  elseif r.full == '1' or (tonumber(r.bytes) or 0) >= (tonumber(r.mark) or 0) then
    return 'full'
  elseif c.now - (tonumber(r.beat) or 0) >= SILENT_MS then
    return 'silent'
  elseif tonumber(r.algorithm) ~= algorithm then
    return 'algorithm'
  elseif not model_complete(c, r.sha) then
    call('HSET', run_key(c, run), 'nomodel', '1')
    hint(c, run)
    return 'nomodel'
  end
  return nil
end

-- The head of pending, or a piece of it.
local function cut(c, run, chunk)
  local key = c.P .. 'pending:' .. run
  local d = read_descriptor(call('LINDEX', key, 0))
  if not d then
    call('LPOP', key)
    return nil
  end
  if d.count > chunk then
    call('LSET', key, 0, describe({first = d.first + chunk, count = d.count - chunk, errors = 0,
                                   lost = d.lost}))
    d.count = chunk
  else
    call('LPOP', key)
  end
  call('HINCRBY', run_key(c, run), 'pend', int(-d.count))
  return d
end

-- The first range to be made again that this host has not made; mostly one of the very first.
local function take_check(c, run, host)
  local key, page = c.P .. 'check:' .. run, 16
  for at = 0, MAX_CHECKS - 1, page do
    local list = call('LRANGE', key, at, at + page - 1)
    for _, text in ipairs(list) do
      local first, count, maker = text:match('^(%d+) (%d+) (%S+)$')
      if first and maker ~= host then
        call('LREM', key, 1, text)
        call('HINCRBY', run_key(c, run), 'checks', '-' .. count)
        return {first = tonumber(first), count = tonumber(count), errors = 0, lost = 0}
      end
    end
    if #list < page then
      break
    end
  end
  return nil
end

-- Larger than the last one; odd for checks.
local function next_token(c, last, check)
  local token = math.max(c.us, (tonumber(last or nil) or 0) + 1)
  return token + (token + (check and 1 or 0)) % 2
end

define('claim', {'allow-oom'}, function(c, a)
  local agent, algorithm, P = identity(a[1], 'agent'), number(a[2], 'algorithm'), c.P
  local rate, remaining = tonumber(a[3]), tonumber(a[4])
  if not rate or not (rate >= 0 and rate < 1e15) or not remaining then
    refuse('bad rate')
  end
  if not (remaining >= 0 and remaining < 1e15) then
    remaining = nil
  end
  local command = command_for(c, agent)
  if command then
    return {command}
  end
  local state = call('HMGET', P .. 'pool', 'paused', 'slots', 'token')
  if state[1] == '1' then
    return {'EMPTY', 'paused'}
  end
  local live = math.max(1, tonumber(state[2] or nil) or 1)
  if call('ZCARD', P .. 'leases') >= MAX_LEASES then
    return {'EMPTY', 'leases'}
  end
  local why, host = 'none', host_of(c, agent)
  for _, run in ipairs(call('ZRANGE', P .. 'runs', 0, MAX_RUNS - 1)) do
    local r = run_fields(c, run, {'bytes', 'mark', 'full', 'beat', 'algorithm', 'sha', 'chunk',
                                  'pend', 'task_ms', 'lease_ms', 'seed', 'banned', 'split'})
    local pending = r and call('LLEN', P .. 'pending:' .. run) or 0
    local checks = r and call('LLEN', P .. 'check:' .. run) or 0
    if pending + checks > 0 then
      local reason = closed(c, run, r, algorithm, host)
      local check = not reason and checks > 0 and take_check(c, run, host)
      local l = check or not reason and pending > 0
        and cut(c, run, chunk_of(r, live, rate, remaining))
      if l then
        l.token = next_token(c, state[3], check)
        l.run, l.agent = run, agent
        local member = lease_member(l)
        call('HSET', P .. 'pool', 'token', int(l.token))
        add_lease(c, l, c.now + tonumber(r.lease_ms))
        call('ZADD', P .. 'runs', int(call('HINCRBY', P .. 'pool', 'turn', 1)), run)
        if call('LLEN', P .. 'pending:' .. run) + call('LLEN', P .. 'check:' .. run) > 0
            and call('LLEN', P .. 'wake') == 0 then
          hint(c)
        end
        return {'WORK', member:sub(1, -34), r.seed, r.sha, r.lease_ms}
      end
      why = why ~= 'nomodel' and reason or why
    end
  end
  if why == 'nomodel' then
    return {'NOMODEL'}
  end
  if why ~= 'algorithm' and why ~= 'banned' then
    call_holders(c)
  end
  return {'EMPTY', why}
end)

-- The lease as it is when a commit whose reply was lost has shortened it; else nil.
local function shortened(c, l)
  local name = string.format('%s %.0f %s ', l.agent, l.token, l.run)
  local found = call('ZRANGE', c.P .. 'held', '[' .. name, '(' .. name .. ':', 'BYLEX')[1]
  local s = found and read_member(found:sub(34) .. ' ' .. l.agent)
  return s and s.first > l.first and s.first + s.count == l.first + l.count and s or nil
end

define('beat', {'allow-oom'}, function(c, a)
  local agent, busy, told = identity(a[1], 'agent'), number(a[2], 'busy'), statistics(a[3])
  local leases, info_key, terms = c.P .. 'leases', c.P .. 'info', {}
  local command = command_for(c, agent)
  if #a - 3 > MAX_NAMES then
    refuse('too many leases')
  end
  if command ~= 'HELLO' then
    local head, release, algorithm, since = (call('HGET', info_key, agent) or ''):match(
      '^(%S+ %d+ %d+) %d+ (%S+) (%d+) .* (%d+)$')
    if head then
      call('HSET', info_key, agent, string.format('%s %.0f %s %s %s %s', head, busy, release,
                                                  algorithm, told, since))
      call('HSET', c.V, agent, string.format('%d %s %s %.0f', PROTOCOL, release, algorithm,
                                             c.now))
    end
  end
  local reply, host, held, task_ms = {command or 'OK'}, host_of(c, agent), {}, {}
  for i = 4, #a do
    local l, verdict = read_lease(agent, a[i]), 'LOST'
    if not call('ZSCORE', leases, lease_member(l)) then
      l = shortened(c, l) or l
    end
    terms[l.run] = terms[l.run] or run_fields(c, l.run, {'lease_ms', 'banned', 'task_ms'})
      or {state = 'gone'}
    if terms[l.run].state ~= 'open' or banned(terms[l.run], host) then
      give_back(c, l)
      verdict = 'CANCEL'
    elseif call('ZSCORE', leases, lease_member(l)) then
      call('ZADD', leases, int(c.now + tonumber(terms[l.run].lease_ms)), lease_member(l))
      verdict = 'OK'
      l.at = #reply + 1
      if not is_check(l.token) then
        held[#held + 1], task_ms[l.run] = l, tonumber(terms[l.run].task_ms) or math.huge
      end
    end
    reply[#reply + 1] = verdict
  end
  if a[3]:find(' ') then -- the first edition's agents do not know the word
    split(c, reply, held, task_ms)
  end
  return reply
end)

define('commit', {}, function(c, a)
  local agent, P = identity(a[1], 'agent'), c.P
  local l, count, sum, frame = read_lease(agent, a[2]), number(a[3], 'count'), checksum(a[5]), a[6]
  local leases, member, key = P .. 'leases', lease_member(l), run_key(c, l.run)
  if count < 1 or count > l.count then
    refuse('a count outside the lease')
  end
  if type(frame) ~= 'string' or #frame < 1
      or #frame > (count > 1 and MAX_FRAME or MAX_LONE_FRAME) then
    refuse('bad frame size')
  end
  local r = run_fields(c, l.run, {'bytes', 'mark', 'lease_ms', 'banned', 'beat'})
  if not r or r.state ~= 'open' or banned(r, host_of(c, agent)) then
    give_back(c, l)
    return {'CANCEL'}
  end
  local rest = {first = l.first + count, count = l.count - count, errors = 0, lost = l.lost,
                token = l.token, run = l.run, agent = agent}
  if not call('ZSCORE', leases, member) then
    local done = rest.count > 0 and call('ZSCORE', leases, lease_member(rest))
    if done and a[4] == '1' then
      give_back(c, rest)
    end
    return {done and 'OK' or 'LOST'}
  end
  local there = call('LLEN', P .. 'outmeta:' .. l.run)
  if there > 0 and (there >= MAX_FRAMES or tonumber(r.bytes) + #frame > tonumber(r.mark)) then
    call('HSET', key, 'full', '1')
    hint(c, l.run)
    -- Nobody takes what is there, so the slot is better used by others.
    if c.now - (tonumber(r.beat) or 0) >= SILENT_MS and others_wait(c, l.run) then
      give_back(c, l)
      return {'LOST'}
    end
    return {'WAIT'}
  end
  end_lease(c, l)
  call('RPUSH', P .. 'outmeta:' .. l.run,
       string.format('%.0f %.0f %s %.0f %s', l.first, count, sum, #frame, agent))
  call('RPUSH', P .. 'out:' .. l.run, frame)
  call('HINCRBY', key, 'bytes', #frame)
  call('HINCRBY', key, 'simulated', int(count))
  call('HINCRBY', P .. 'pool', 'simulated', int(count))
  if rest.count > 0 then
    if a[4] == '1' then
      put_back(c, l.run, {rest})
    else
      add_lease(c, rest, c.now + tonumber(r.lease_ms))
    end
  end
  hint(c, l.run)
  return {'OK'}
end)

define('fail', {'allow-oom'}, function(c, a)
  local agent = identity(a[1], 'agent')
  local l, kind, reached = read_lease(agent, a[2]), a[3], number(a[4], 'reached')
  local signal, message = number(a[5], 'signal'), a[6] or ''
  if (kind ~= 'error' and kind ~= 'hopeless' and kind ~= 'drain') or reached < l.first
      or reached >= l.first + l.count then
    refuse('bad failure')
  end
  if not call('ZSCORE', c.P .. 'leases', lease_member(l)) then
    return {'LOST'}
  end
  local r = run_fields(c, l.run, {'attempts'})
  if not r or kind == 'drain' then
    give_back(c, l)
    return {'OK'}
  end
  end_lease(c, l)
  local back, attempts = {}, tonumber(r.attempts) or 3
  local bad = {first = reached, count = l.first + l.count - reached, errors = 1, lost = l.lost}
  if reached > l.first then
    back[1] = {first = l.first, count = reached - l.first, errors = l.errors, lost = l.lost}
  else
    bad.errors = l.errors + 1
  end
  if kind == 'hopeless' then
    bad.errors = math.max(bad.errors, attempts)
  end
  if bad.errors >= attempts or bad.errors >= 2 then
    local rest = {first = reached + 1, count = bad.count - 1, errors = 0, lost = l.lost}
    if bad.errors < attempts or not dead_full(c, l.run) then
      bad.count = 1
    end
    if bad.errors >= attempts then
      bury(c, l.run, bad, signal, message, host_of(c, agent))
    else
      back[#back + 1] = bad
    end
    if bad.count == 1 and rest.count > 0 then
      back[#back + 1] = rest
    end
  else
    back[1 + #back] = bad
  end
  call('HINCRBY', run_key(c, l.run), 'repeated', int(l.count))
  put_back(c, l.run, back)
  return {'OK'}
end)
