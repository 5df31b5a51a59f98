
-- ---- reap

-- An expired lease: its worker is lost.
local function lose(c, l, r)
  end_lease(c, l)
  local lost, half = l.lost + 1, math.ceil(l.count / 2)
  call('HINCRBY', run_key(c, l.run), 'repeated', int(l.count))
  if lost >= (tonumber(r.max_lost) or 10) and (l.count == 1 or dead_full(c, l.run)) then
    bury(c, l.run, {first = l.first, count = l.count, errors = l.errors, lost = lost}, 0,
         string.format('lost with its worker %d times', lost), host_of(c, l.agent))
    return true
  elseif lost >= 2 and l.count > 1 then
    put_back(c, l.run, {{first = l.first, count = half, errors = l.errors, lost = lost},
                        {first = l.first + half, count = l.count - half, errors = 0,
                         lost = lost}})
  else
    put_back(c, l.run, {{first = l.first, count = l.count, errors = l.errors, lost = lost}})
  end
  return false
end

-- Once a second: what costs a pass over agents and runs.
local function sweep(c)
  local P = c.P
  call('HSET', P .. 'pool', 'swept', int(c.now), 'slots', int(count_slots(c)))
  index_leases(c)
  for _, agent in ipairs(call('ZRANGEBYSCORE', P .. 'agents', '-inf', int(c.now - GONE_MS),
                              'LIMIT', 0, 1000)) do
    forget_agent(c, agent)
  end
  for _, run in ipairs(call('ZRANGE', P .. 'runs', 0, MAX_RUNS - 1)) do
    local r = run_fields(c, run, {'beat', 'full', 'bytes', 'mark', 'simulated', 'rate', 'rate_ms',
                                  'rate_n'})
    if not r then
      call('ZREM', P .. 'runs', run)
    else
      local dt, n = (c.now - (tonumber(r.rate_ms) or 0)) / 1000, tonumber(r.simulated) or 0
      if dt >= 1 or dt < 0 then
        local rate = tonumber(r.rate) or 0
        if dt > 0 then
          rate = rate + ((n - (tonumber(r.rate_n) or 0)) / dt - rate) * (1 - math.exp(-dt / 10))
        end
        call('HSET', run_key(c, run), 'rate', string.format('%.6g', math.max(rate, 0)),
             'rate_ms', int(c.now), 'rate_n', int(n))
      end
      if (r.full == '1' or (tonumber(r.bytes) or 0) >= (tonumber(r.mark) or 0))
          and c.now - (tonumber(r.beat) or 0) >= GONE_MS then
        out_to_pending(c, run)
      end
    end
  end
end

-- Once a minute: what has outlived its use.
local function prune(c)
  local versions, marks = call('HGETALL', c.V), call('HGETALL', c.P .. 'marks')
  call('HSET', c.P .. 'pool', 'pruned', int(c.now))
  call('ZREMRANGEBYSCORE', c.P .. 'past', '-inf', int(c.now - HOUR_MS))
  for i = 1, #versions, 2 do
    local ms = tonumber(versions[i + 1]:match('^%d+ %S+ %S+ (%d+)') or 0)
    if c.now - ms > GONE_MS then
      call('HDEL', c.V, versions[i])
    end
  end
  -- A driver that comes back later submits again what it still misses.
  for _, run in ipairs(call('ZRANGE', c.P .. 'runs', 0, -1)) do
    local r = run_fields(c, run, {'beat', 'sha'})
    if r and c.now - (tonumber(r.beat) or 0) > WEEK_MS then
      forget_run(c, run)
      drop_model(c, r.sha)
    end
  end
  for i = 1, #marks, 2 do
    local ms = tonumber(marks[i + 1]:match('(%d+)$') or 0)
    if c.now - ms > DAY_MS then
      call('HDEL', c.P .. 'marks', marks[i])
    end
  end
end

-- After a gap the clock, the server or everybody was away: stamps from the future come back.
local function bring_back(c)
  for _, agent in ipairs(call('ZRANGEBYSCORE', c.P .. 'agents', '(' .. int(c.now), '+inf')) do
    call('ZADD', c.P .. 'agents', int(c.now), agent)
  end
  for _, run in ipairs(call('ZRANGE', c.P .. 'runs', 0, MAX_RUNS - 1)) do
    local r = run_fields(c, run, {'beat'})
    if r and (tonumber(r.beat) or 0) > c.now then
      call('HSET', run_key(c, run), 'beat', int(c.now))
    end
  end
end

define('reap', {'allow-oom'}, function(c)
  local P, leases = c.P, c.P .. 'leases'
  local stamps = call('HMGET', P .. 'pool', 'reap', 'swept', 'pruned')
  local last = tonumber(stamps[1] or nil)
  local back, dead, rearmed, longest, shortest = 0, 0, 0, 0, math.huge
  local runs = {}
  for _, run in ipairs(call('ZRANGE', P .. 'runs', 0, -1)) do
    local r = run_fields(c, run, {'lease_ms', 'max_lost'})
    if r then
      r.term = tonumber(r.lease_ms) or SILENT_MS
      r.gap = not last or last > c.now or c.now - last > r.term / 2
      runs[run], longest, shortest = r, math.max(longest, r.term), math.min(shortest, r.term)
    end
  end
  local gap = not last or last > c.now or c.now - last > shortest / 2
  local list
  if gap then
    list = call('ZRANGE', leases, 0, -1, 'WITHSCORES')
    bring_back(c)
  else
    list = call('ZRANGEBYSCORE', leases, '-inf', int(c.now), 'WITHSCORES', 'LIMIT', 0, 1000)
    for _, x in ipairs(call('ZRANGEBYSCORE', leases, '(' .. int(c.now + longest + 1), '+inf',
                            'WITHSCORES', 'LIMIT', 0, 1000)) do
      list[#list + 1] = x
    end
  end
  for i = 1, #list, 2 do
    local l, deadline = read_member(list[i]), tonumber(list[i + 1])
    local r = l and runs[l.run]
    local marked = deadline % 1 ~= 0
    if not l then
      call('ZREM', leases, list[i])
    elseif not r then
      end_lease(c, l)
    elseif r.gap and not marked then
      call('ZADD', leases, string.format('%.1f', c.now + r.term + 0.5), list[i])
      rearmed = rearmed + 1
    elseif deadline <= c.now then
      if lose(c, l, r) then
        dead = dead + l.count
      else
        back = back + l.count
      end
    elseif deadline > c.now + r.term + 1 then
      call('ZADD', leases, string.format('%.1f', c.now + r.term + (marked and 0.5 or 0)), list[i])
    end
  end
  call('HSET', P .. 'pool', 'reap', int(c.now))
  local swept, pruned = tonumber(stamps[2] or nil), tonumber(stamps[3] or nil)
  if not swept or swept > c.now or c.now - swept >= 1000 then
    sweep(c)
  end
  if not pruned or pruned > c.now or c.now - pruned >= SILENT_MS then
    prune(c)
  end
  return {'OK', int(back), int(dead), int(rearmed)}
end)
