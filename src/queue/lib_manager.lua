
-- ---- managers

local function count_foreign(c)
  local all, n = call('HGETALL', c.V), 0
  for i = 1, #all, 2 do
    local protocol, ms = all[i + 1]:match('^(%d+) %S+ %S+ (%d+)')
    if protocol and tonumber(protocol) ~= PROTOCOL and c.now - tonumber(ms) < GONE_MS then
      n = n + 1
    end
  end
  return n, #all / 2
end

-- Agents that were heard of lately: how many, how many hold a lease, how many know no run's
-- algorithm.
local function count_agents(c, holders, algorithms)
  local live = call('ZRANGEBYSCORE', c.P .. 'agents', '(' .. int(c.now - SILENT_MS), '+inf')
  local busy, unfit = 0, 0
  for _, agent in ipairs(live) do
    local info = call('HGET', c.P .. 'info', agent)
    local algorithm = (info or ''):match('^%S+ %d+ %d+ %d+ %S+ (%d+) ')
    if holders[agent] then
      busy = busy + 1
    end
    if algorithm and next(algorithms) and not algorithms[algorithm] then
      unfit = unfit + 1
    end
  end
  return #live, busy, unfit
end

define('info', {'no-writes'}, function(c)
  local P, runs, past, algorithms = c.P, {}, {}, {}
  local leased, holders = sum_leases(c, nil, {})
  for _, run in ipairs(call('ZRANGE', P .. 'runs', 0, MAX_RUNS - 1)) do
    local t, fields = count_run(c, run, leased), call('HGETALL', run_key(c, run))
    if t then
      for _, x in ipairs({'id', run, 'out', int(t.out), 'leased', int(t.leased), 'dead',
                          int(t.dead), 'conserved', t.conserved and '1' or '0'}) do
        fields[#fields + 1] = x
      end
      local r = run_fields(c, run, {'beat', 'algorithm'})
      fields[#fields + 1] = 'silent_ms'
      fields[#fields + 1] = int(math.max(0, c.now - (tonumber(r.beat) or 0)))
      algorithms[r.algorithm or ''] = true
      runs[#runs + 1] = fields
    end
  end
  for _, run in ipairs(call('ZREVRANGE', P .. 'past', 0, MAX_RUNS - 1)) do
    local fields = call('HGETALL', P .. 'summary:' .. run)
    if #fields > 0 then
      fields[#fields + 1] = 'id'
      fields[#fields + 1] = run
      past[#past + 1] = fields
    end
  end
  local live, busy, unfit = count_agents(c, holders, algorithms)
  local foreign, entries = count_foreign(c)
  local pool = call('HMGET', P .. 'pool', 'paused', 'simulated')
  return {'OK', {int(live), int(busy), int(call('ZCARD', P .. 'agents') - live),
                 int(unfit + foreign), int(count_slots(c)), pool[1] or '0', pool[2] or '0',
                 int(entries)}, runs, past}
end)

-- With a second argument everything that is kept of an agent, else what the first edition kept.
define('agents', {'no-writes'}, function(c, a)
  local start, reply = number(a[1], 'start'), {'OK'}
  local list = call('ZRANGE', c.P .. 'agents', int(start), int(start + MAX_ENTRIES - 1),
                    'WITHSCORES')
  for i = 1, #list, 2 do
    local info = call('HGET', c.P .. 'info', list[i]) or '? 0 0 0 ? 0 0 0'
    local since = tonumber(info:match('(%d+)$') or 0)
    if not a[2] then
      info = info:gsub('^(%S+ %d+ %d+ %d+ %S+ %d+ %d+) .* (%d+)$', '%1 %2')
    end
    local mark = call('HGET', c.P .. 'marks', list[i])
    for _, x in ipairs({list[i], info, int(math.max(0, c.now - tonumber(list[i + 1]))),
                        int(math.max(0, c.now - since)),
                        mark and (mark:find('^now') and 'NOW' or 'STOP') or 'NONE'}) do
      reply[#reply + 1] = x
    end
  end
  return reply
end)

define('versions', {'no-writes'}, function(c)
  local all, reply = call('HGETALL', c.V), {'OK'}
  for i = 1, math.min(#all, 2 * MAX_LEASES), 2 do
    local text, ms = all[i + 1]:match('^(%d+ %S+ %d+) (%d+)$')
    if text then
      local n = #reply
      reply[n + 1], reply[n + 2] = all[i], text
      reply[n + 3] = int(math.max(0, c.now - tonumber(ms)))
    end
  end
  return reply
end)

define('control', {'allow-oom'}, function(c, a)
  local what, marked = a[1], 0
  if what == 'pause' or what == 'resume' then
    call('HSET', c.P .. 'pool', 'paused', what == 'pause' and '1' or '0')
    hint_all(c)
    return {'OK', '0'}
  elseif what ~= 'stop' and what ~= 'now' then
    refuse('bad control')
  end
  local list = {unpack(a, 2, math.min(#a, MAX_ENTRIES + 1))}
  if #list == 0 then
    list = call('ZRANGE', c.P .. 'agents', 0, -1)
  end
  for _, agent in ipairs(list) do
    if call('ZSCORE', c.P .. 'agents', identity(agent, 'agent')) then
      call('HSET', c.P .. 'marks', agent, what .. ' ' .. int(c.now))
      hint(c, agent)
      marked = marked + 1
    end
  end
  hint_all(c)
  return {'OK', int(marked)}
end)

define('cancel', {'allow-oom'}, function(c, a)
  local run = identity(a[1], 'run')
  if call('EXISTS', run_key(c, run)) == 0 then
    return {'GONE'}
  end
  call('HSET', run_key(c, run), 'state', 'cancelled')
  hint(c, run)
  return {'OK'}
end)

define('retry', {'allow-oom'}, function(c, a)
  local run, list = identity(a[1], 'run'), {}
  local dead = c.P .. 'dead:' .. run
  if call('EXISTS', run_key(c, run)) == 0 then
    return {'GONE'}
  end
  local room = MAX_ENTRIES - call('LLEN', c.P .. 'pending:' .. run)
  if room > 0 then
    for _, text in ipairs(call('ZRANGE', dead, 0, room - 1)) do
      local first, count = text:match('^(%d+) (%d+) ')
      list[#list + 1] = {first = tonumber(first), count = tonumber(count)}
      call('ZREM', dead, text)
    end
  end
  return {'OK', int(append(c, run, list)), int(call('ZCARD', dead))}
end)

define('purge', {'allow-oom'}, function(c, a)
  local run = identity(a[1], 'run')
  local r = run_fields(c, run, {'beat', 'sha'})
  if r and r.state == 'open' and c.now - (tonumber(r.beat) or 0) < SILENT_MS then
    return {'ALIVE'}
  end
  local known = call('UNLINK', c.P .. 'summary:' .. run)
  call('ZREM', c.P .. 'past', run)
  forget_run(c, run)
  if r then
    drop_model(c, r.sha)
  end
  return {(r or known == 1) and 'OK' or 'GONE'}
end)

define('reset', {'allow-oom'}, function(c)
  local agents, sum = call('ZRANGE', c.P .. 'agents', 0, -1), 0
  for _, member in ipairs(call('ZREVRANGE', c.P .. 'leases', 0, -1)) do
    local l = read_member(member)
    if l then
      sum = sum + give_back(c, l)
    end
  end
  for _, agent in ipairs(agents) do
    forget_agent(c, agent)
  end
  call('UNLINK', c.P .. 'leases', c.P .. 'held')
  call('HSET', c.P .. 'pool', 'slots', '0')
  return {'OK', int(#agents), int(sum)}
end)

define('revision', {'no-writes'}, function()
  return {'OK', int(REVISION)}
end)
