#include "scripts.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace spidergate::kv::redis {

namespace {

/// The generation, and numbers. Lua's numbers are doubles, exact to 2^53; Lua would write large ones as 1e+15.
constexpr std::string_view numbers = R"lua(
local function int(n) return string.format('%.0f', n) end
local function num(text) return tonumber(text) or 0 end
local function server_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function generation(key, fresh)
  local known = redis.call('GET', key)
  if not known then
    known = fresh .. ':' .. int(server_ms())
    redis.call('SET', key, known, 'PX', '3456000000')
  end
  local name, made = string.match(known, '^(%d+):(%d+)$')
  return name, tonumber(made)
end
)lua";

/// As sliding_window and fixed_window do it.
constexpr std::string_view windows = R"lua(
local sliding = {}
function sliding.load(key, period, now)
  local w = {key = key, period = period, first = 0, used = 0, n = 0, last = {}, amount = {}}
  local packed = redis.call('GET', key)
  if not packed then return w end
  local flat = cmsgpack.unpack(packed)
  local size = #flat
  if flat[size - 1] > now + period then return w end
  w.first = flat[1]
  for i = 2, size, 2 do
    if flat[i] + period > now then
      w.n = w.n + 1
      w.last[w.n], w.amount[w.n] = flat[i], flat[i + 1]
      w.used = w.used + flat[i + 1]
    end
  end
  return w
end
function sliding.save(w)
  local flat = {w.first}
  for i = 1, w.n do
    flat[2 * i], flat[2 * i + 1] = w.last[i], w.amount[i]
  end
  redis.call('SET', w.key, cmsgpack.pack(flat), 'PX', int(2 * w.period))
end
function sliding.add(w, amount, now)
  w.used = w.used + amount
  if w.n > 0 then
    now = math.max(now, w.last[w.n])
    if now - w.first < math.floor(w.period / 60) then
      w.last[w.n], w.amount[w.n] = now, w.amount[w.n] + amount
      return
    end
  end
  w.n = w.n + 1
  w.first, w.last[w.n], w.amount[w.n] = now, now, amount
end
function sliding.adjust(w, difference, charged_at, now)
  if charged_at + w.period <= now then return end
  for i = 1, w.n do
    if w.last[i] >= charged_at then
      w.amount[i] = math.max(0, w.amount[i] + difference)
      sliding.save(w)
      return
    end
  end
end
function sliding.fits_at(w, amount, limit, now)
  local left, time, i = w.used, now, 1
  while left + amount > limit and i <= w.n do
    left, time, i = left - w.amount[i], w.last[i] + w.period, i + 1
  end
  return time
end
function sliding.ends_at(w, now)
  return w.n > 0 and w.last[w.n] + w.period or now
end

local fixed = {}
function fixed.current(start, used, period, now)
  local current = now - now % period
  if current > start or start > now + period then return current, 0 end
  return start, used
end
function fixed.load(key, period, now)
  local w = {key = key, period = period}
  local packed = redis.call('GET', key)
  local start, used = 0, 0
  if packed then
    local flat = cmsgpack.unpack(packed)
    start, used = flat[1], flat[2]
  end
  w.start, w.used = fixed.current(start, used, period, now)
  return w
end
function fixed.save(w)
  redis.call('SET', w.key, cmsgpack.pack({w.start, w.used}), 'PX', int(2 * w.period))
end
)lua";

/// Leases are members of a sorted set; one of a larger amount is as many members.
constexpr std::string_view leases = R"lua(
local lease = {}
function lease.member(holder, i)
  return i == 1 and holder or holder .. '#' .. i
end
function lease.add(key, holder, amount, expiry, now)
  for i = 1, amount do redis.call('ZADD', key, int(expiry), lease.member(holder, i)) end
  if amount > 0 then redis.call('PEXPIREAT', key, int(server_ms() + math.max(60000, 2 * (expiry - now)))) end
end
function lease.drop(key, holder, amount)
  for i = 1, amount do redis.call('ZREM', key, lease.member(holder, i)) end
end
function lease.first_expiry(key, now)
  local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return oldest[2] and tonumber(oldest[2]) or now
end
)lua";

/// A hold that ran out belongs to a dead process: what that has spent is in the ledger alone, so the budget must be
/// asked for anew; no sooner than others have filed what they settled here, and never for less than was known. The hold
/// stays for an hour with amount 0, so that a process that was only frozen can settle.
constexpr std::string_view budgets = R"lua(
local budget = {}
function budget.expire(key, held, now)
  for _, holder in ipairs(redis.call('ZRANGEBYSCORE', held, '-inf', int(now), 'LIMIT', 0, 100)) do
    local field = 'h:' .. holder
    local amount = redis.call('HGET', key, field)
    if num(amount) > 0 then
      redis.call('HINCRBY', key, 'r', '-' .. amount)
      local spent = redis.call('HGET', key, 's')
      if spent then redis.call('HSET', key, 'f', spent) end
      redis.call('HDEL', key, 's')
      redis.call('HSET', key, field, '0', 'u', int(server_ms()))
      redis.call('ZADD', held, int(now + 3600000), holder)
    else
      redis.call('HDEL', key, field)
      redis.call('ZREM', held, holder)
    end
  end
end
function budget.enter(key, gen)
  local g = redis.call('HGET', key, 'g')
  if g ~= gen then
    if g then redis.call('HDEL', key, 's', 'p', 'pt', 'f', 'u') end
    redis.call('HSET', key, 'g', gen)
  end
end
function budget.keep(key, held, last_use, now)
  local left = int(math.max(3600000, last_use - now + 3600000))
  redis.call('PEXPIRE', key, left)
  redis.call('PEXPIRE', held, left)
end
function budget.hold(key, held, holder, amount, expiry)
  local before = redis.call('HGET', key, 'h:' .. holder)
  redis.call('HSET', key, 'h:' .. holder, int(amount))
  redis.call('HINCRBY', key, 'r', int(amount - num(before)))
  redis.call('ZADD', held, int(expiry), holder)
end
function budget.drop(key, held, holder)
  local amount = redis.call('HGET', key, 'h:' .. holder)
  if not amount then return false end
  if num(amount) > 0 then redis.call('HINCRBY', key, 'r', '-' .. amount) end
  redis.call('HDEL', key, 'h:' .. holder)
  redis.call('ZREM', held, holder)
  return true
end
)lua";

constexpr std::string_view admit_body = R"lua(
local now, holder, longest, least = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local gen, made = generation(KEYS[1], ARGV[3])
local charges, unseeded, since, left, wanted = {}, {}, made, math.huge, nil

local k = 2
for i = 6, #ARGV, 5 do
  local c = {kind = ARGV[i], period = tonumber(ARGV[i + 1]), limit = tonumber(ARGV[i + 2]),
             amount = tonumber(ARGV[i + 3]), ends = tonumber(ARGV[i + 4]), key = KEYS[k]}
  k = k + 1
  if c.kind == 's' then
    c.window = sliding.load(c.key, c.period, now)
    c.used = c.window.used
  elseif c.kind == 'f' then
    c.window = fixed.load(c.key, c.period, now)
    c.used = c.window.used
  elseif c.kind == 'l' then
    redis.call('ZREMRANGEBYSCORE', c.key, '-inf', int(now))
    c.used = redis.call('ZCARD', c.key)
  else
    c.held = KEYS[k]
    k = k + 1
    wanted = wanted or c.amount
    budget.expire(c.key, c.held, now)
    local f = redis.call('HMGET', c.key, 'g', 's', 'p', 'r', 'u')
    local known = f[1] == gen and f[2]
    c.used = (known and num(f[2]) or f[1] == gen and num(f[3]) or 0) + num(f[4])
    if known then
      left = math.min(left, c.limit - c.used)
    else
      unseeded[#unseeded + 1] = #charges
      if f[1] == gen then since = math.max(since, num(f[5])) end
    end
  end
  charges[#charges + 1] = c
end

local granted = 0
if wanted then
  granted = wanted
  if least > 0 and least < wanted then
    granted = math.min(wanted, math.max(least, left == math.huge and wanted or math.floor(left / 8)))
  end
end

local function fits_at(c)
  if c.kind == 's' then return sliding.fits_at(c.window, c.amount, c.limit, now) end
  if c.kind == 'f' then return c.window.start + c.period end
  if c.kind == 'l' then return lease.first_expiry(c.key, now) end
  return c.ends
end
local function resets_at(c)
  if c.kind == 's' and c.used + c.amount <= c.limit then return sliding.ends_at(c.window, now) end
  return fits_at(c)
end

local admitted, refused_by, retry_after = 1, 0, 0
for i, c in ipairs(charges) do
  if c.kind == 'b' then c.amount = granted end
  if c.used + c.amount > c.limit then
    if admitted == 1 then refused_by = i - 1 end
    admitted = 0
    if c.amount > c.limit then retry_after = -1 end
    if retry_after ~= -1 then retry_after = math.max(retry_after, fits_at(c) - now) end
  end
end

local seed_after = 0
if #unseeded > 0 then
  admitted = 0
  seed_after = math.max(0, since + 700 - server_ms())
end
if admitted == 0 then granted = 0 end

local answer = {tonumber(gen), admitted, refused_by, retry_after, granted, seed_after, #unseeded}
for _, index in ipairs(unseeded) do answer[#answer + 1] = index end
for _, c in ipairs(charges) do
  if admitted == 1 then
    if c.kind == 's' then
      sliding.add(c.window, c.amount, now)
      sliding.save(c.window)
      c.used = c.window.used
    elseif c.kind == 'f' then
      c.used = c.used + c.amount
      c.window.used = c.used
      fixed.save(c.window)
    elseif c.kind == 'l' then
      lease.add(c.key, holder, c.amount, now + math.min(c.period, longest), now)
      c.used = c.used + c.amount
    else
      budget.hold(c.key, c.held, holder, granted, now + longest)
      budget.keep(c.key, c.held, c.ends, now)
      c.used = c.used + granted
    end
  end
  answer[#answer + 1] = c.used
  answer[#answer + 1] = resets_at(c)
end
return answer
)lua";

constexpr std::string_view settle_body = R"lua(
local now, charged_at, holder, of = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[5]
local repeated = ARGV[#ARGV] == '1'
local gen = generation(KEYS[1], ARGV[4])
local k = 2
for i = 6, #ARGV - 1, 5 do
  local kind, period, amount, used = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local key = KEYS[k]
  k = k + 1
  if kind == 'l' then
    lease.drop(key, holder, amount)
  elseif kind == 'b' then
    local held = KEYS[k]
    k = k + 1
    budget.enter(key, gen)
    -- Without a hold of this generation it was settled already.
    if budget.drop(key, held, holder) or of ~= gen then
      if redis.call('HEXISTS', key, 's') == 1 then
        redis.call('HINCRBY', key, 's', int(used))
      else
        redis.call('HINCRBY', key, 'p', int(used))
        redis.call('HSET', key, 'pt', int(now))
      end
    end
    budget.keep(key, held, tonumber(ARGV[i + 4]), now)
  elseif not repeated and amount ~= used then
    if kind == 's' then
      sliding.adjust(sliding.load(key, period, now), used - amount, charged_at, now)
    else
      local w = fixed.load(key, period, now)
      if charged_at >= w.start and charged_at < w.start + period then
        w.used = math.max(0, w.used + used - amount)
        fixed.save(w)
      end
    end
  end
end
return {tonumber(gen)}
)lua";

constexpr std::string_view seed_body = R"lua(
local now, of = tonumber(ARGV[1]), ARGV[3]
local gen = generation(KEYS[1], ARGV[2])
if of == gen or of == '0' then
  local key, held = KEYS[2], KEYS[3]
  budget.enter(key, gen)
  if redis.call('HEXISTS', key, 's') == 0 then
    local waiting = redis.call('HMGET', key, 'p', 'pt', 'f')
    redis.call('HSET', key, 's', int(math.max(tonumber(ARGV[4]), num(waiting[3]))))
    if waiting[1] and num(waiting[2]) + 60000 > now then redis.call('HINCRBY', key, 's', waiting[1]) end
    redis.call('HDEL', key, 'p', 'pt', 'f', 'u')
  end
  budget.keep(key, held, tonumber(ARGV[5]), now)
end
return {tonumber(gen)}
)lua";

constexpr std::string_view pick_body = R"lua(
local now = tonumber(ARGV[1])
local gen = generation(KEYS[1], ARGV[2])
local day = 86400000
local best, options = nil, {}
for i = 1, (#KEYS - 1) / 2 do
  local o = {key = KEYS[2 * i], minute_key = KEYS[2 * i + 1], index = i}
  local f = redis.call('HMGET', o.key, 'd', 'c', 'l')
  o.start, o.count = fixed.current(num(f[1]), num(f[2]), day, now)
  o.last = num(f[3])
  o.rank = tonumber(ARGV[3 * i])
  local daily, minutely = tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local free = daily <= 0 or o.count < daily
  if free and minutely > 0 then
    o.window = sliding.load(o.minute_key, 60000, now)
    free = o.window.used < minutely
  end
  if free and (not best or o.rank > best.rank or o.rank == best.rank and
               (o.count < best.count or o.count == best.count and o.last < best.last)) then
    best = o
  end
  options[i] = o
end
local answer = {tonumber(gen), -1, 0}
if best then
  local w = best.window or sliding.load(best.minute_key, 60000, now)
  sliding.add(w, 1, now)
  sliding.save(w)
  best.count, best.last = best.count + 1, now
  redis.call('HSET', best.key, 'd', int(best.start), 'c', int(best.count), 'l', int(now))
  redis.call('PEXPIRE', best.key, int(2 * day))
  answer[2], answer[3] = best.index - 1, w.used
end
for i, o in ipairs(options) do
  answer[2 * i + 2], answer[2 * i + 3] = o.count, o.last
end
return answer
)lua";

constexpr std::string_view restore_body = R"lua(
local now = tonumber(ARGV[1])
local gen = generation(KEYS[1], ARGV[2])
local day = 86400000
for i = 2, #KEYS do
  local f = redis.call('HMGET', KEYS[i], 'd', 'c', 'l')
  local start, count = fixed.current(num(f[1]), num(f[2]), day, now)
  count = math.max(count, tonumber(ARGV[2 * i - 1]))
  local last = math.max(num(f[3]), tonumber(ARGV[2 * i]))
  redis.call('HSET', KEYS[i], 'd', int(start), 'c', int(count), 'l', int(last))
  redis.call('PEXPIRE', KEYS[i], int(2 * day))
end
return {tonumber(gen)}
)lua";

constexpr std::string_view hold_body = R"lua(
local now = tonumber(ARGV[1])
local gen = generation(KEYS[1], ARGV[2])
local k = 2
for i = 3, #ARGV, 6 do
  local key, holder, amount, expiry = KEYS[k], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  k = k + 1
  if ARGV[i] == 'l' then
    lease.add(key, holder, amount, expiry, now)
  else
    local held = KEYS[k]
    k = k + 1
    budget.enter(key, gen)
    -- A hold of this generation that is not there was settled meanwhile.
    if ARGV[i + 5] ~= gen or redis.call('HEXISTS', key, 'h:' .. holder) == 1 then
      budget.hold(key, held, holder, amount, expiry)
    end
    budget.keep(key, held, tonumber(ARGV[i + 4]), now)
  end
end
return {tonumber(gen)}
)lua";

constexpr std::string_view beat_body = R"lua(
local gen, made = generation(KEYS[1], ARGV[1])
redis.call('SET', KEYS[1], gen .. ':' .. int(made), 'PX', '3456000000')
return {tonumber(gen), server_ms() - made}
)lua";

constexpr std::string_view renew_body = R"lua(
local gen, made = generation(KEYS[1], ARGV[1])
local now = server_ms()
if gen == ARGV[2] or now - made > tonumber(ARGV[3]) then
  gen = ARGV[1]
  redis.call('SET', KEYS[1], gen .. ':' .. int(now), 'PX', '3456000000')
end
return {tonumber(gen)}
)lua";

std::string sha1_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-1, which Redis names its scripts by");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4U];
    hex += digits[digest[i] & 15U];
  }
  return hex;
}

template <class... Parts>
script compose(std::string_view name, Parts... parts) {
  script made;
  made.name = name;
  (made.text.append(parts), ...);
  made.sha1 = sha1_hex(made.text);
  return made;
}

}  // namespace

const script& admit_script() {
  static const auto made = compose("admit", numbers, windows, leases, budgets, admit_body);
  return made;
}

const script& settle_script() {
  static const auto made = compose("settle", numbers, windows, leases, budgets, settle_body);
  return made;
}

const script& seed_script() {
  static const auto made = compose("seed", numbers, budgets, seed_body);
  return made;
}

const script& pick_script() {
  static const auto made = compose("pick", numbers, windows, pick_body);
  return made;
}

const script& restore_script() {
  static const auto made = compose("restore", numbers, windows, restore_body);
  return made;
}

const script& hold_script() {
  static const auto made = compose("hold", numbers, leases, budgets, hold_body);
  return made;
}

const script& beat_script() {
  static const auto made = compose("beat", numbers, beat_body);
  return made;
}

const script& renew_script() {
  static const auto made = compose("renew", numbers, renew_body);
  return made;
}

std::array<const script*, 8> all_scripts() {
  return {&admit_script(),   &settle_script(), &seed_script(), &pick_script(),
          &restore_script(), &hold_script(),   &beat_script(), &renew_script()};
}

}  // namespace spidergate::kv::redis
