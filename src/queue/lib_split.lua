
-- ---- splitting: a long lease is not to hold up those who have nothing to do

local CALLED = 4 -- agents at once
local OLD = 4 -- lengths of a task, and a lease makes room for other runs

-- Whether what is leased of the run could do with more slots.
local function splittable(c, run)
  local r = run_fields(c, run, {'full'})
  return r ~= nil and r.state == 'open' and r.full ~= '1'
    and call('LLEN', c.P .. 'pending:' .. run) == 0
end

-- Somebody asked for work and there is none: the holders of the largest leases are called, so that
-- they beat soon and hear SPLIT. It is a pass over the leases, so not all the time.
local function call_holders(c)
  local P, n = c.P, call('ZCARD', c.P .. 'leases')
  local sought = tonumber(call('HGET', P .. 'pool', 'sought') or nil)
  call('HSET', P .. 'pool', 'hungry', int(c.now))
  if n == 0 or (sought and sought <= c.now and c.now - sought < math.max(100, n / 10)) then
    return
  end
  call('HSET', P .. 'pool', 'sought', int(c.now))
  local largest, agents, open = {}, {}, {}
  for _, member in ipairs(call('ZRANGE', P .. 'leases', 0, -1)) do
    local token, run, count, agent = member:match('^(%d+) (%x+) %d+ (%d+) %d+ %d+ (%x+)$')
    count = (not token or is_check(tonumber(token))) and 0 or tonumber(count)
    if count > 1 and open[run] == nil then
      open[run] = splittable(c, run)
    end
    if count > 1 and open[run] then
      if not largest[agent] then
        agents[#agents + 1] = agent
      end
      largest[agent] = math.max(largest[agent] or 0, count)
    end
  end
  table.sort(agents, function(x, y)
    return largest[x] > largest[y] or (largest[x] == largest[y] and x < y)
  end)
  for i = 1, math.min(#agents, CALLED) do
    hint(c, agents[i])
    call('EXPIRE', P .. 'wake:' .. agents[i], SILENT_MS / 1000)
  end
end

-- Whether a run other than this one has work that it may give out.
local function others_wait(c, run)
  for _, other in ipairs(call('ZRANGE', c.P .. 'runs', 0, MAX_RUNS - 1)) do
    local r = other ~= run and run_fields(c, other, {'full', 'beat', 'pend'})
    if r and r.state == 'open' and r.full ~= '1' and (tonumber(r.pend) or 0) > 0
        and c.now - (tonumber(r.beat) or 0) < SILENT_MS then
      return true
    end
  end
  return false
end

-- Turns OK into SPLIT in the reply to a beat where that helps: for as many leases as slots are
-- idle, the largest first, when their runs have nothing else to give; and for those that keep
-- other runs waiting. `held` has, for each OK, its place `at` in the reply, and the lease.
local function split(c, reply, held, task_ms)
  local state = call('HMGET', c.P .. 'pool', 'paused', 'slots', 'hungry')
  local idle = (tonumber(state[2] or nil) or 0) - call('ZCARD', c.P .. 'leases')
  local hungry, open, waiting = c.now - (tonumber(state[3] or nil) or 0), {}, {}
  if state[1] == '1' then
    return
  end
  table.sort(held, function(x, y)
    return x.count > y.count or (x.count == y.count and x.at < y.at)
  end)
  for _, l in ipairs(held) do
    local run, wanted = l.run, false
    if l.count < 2 then
      break
    end
    if idle > 0 and hungry >= 0 and hungry < SILENT_MS then
      if open[run] == nil then
        open[run] = splittable(c, run)
      end
      wanted = open[run]
      idle = wanted and idle - 1 or idle
    end
    if not wanted and c.now - l.token / 1000 > OLD * task_ms[run] then
      if waiting[run] == nil then
        waiting[run] = others_wait(c, run)
      end
      wanted = waiting[run]
    end
    if wanted then
      reply[l.at] = 'SPLIT'
      call('HSET', run_key(c, run), 'split', '1')
    end
  end
end
