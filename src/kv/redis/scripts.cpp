#include "scripts.hpp"

#include "codec.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace spidergate::kv::redis {

namespace {

/// Numbers travel packed as doubles, both ways and in the keys: that costs Lua a third of what text would. They are
/// exact to 2^53. What a script needs of its keys it reads at once; a call of Redis costs more than the look-up.
constexpr std::string_view basics = R"lua(
local call, pack, unpacked = redis.call, struct.pack, struct.unpack
local function server_ms()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local all = #KEYS <= 1000 and call('MGET', unpack(KEYS)) or {}
for i = #all + 1, #KEYS do all[i] = call('GET', KEYS[i]) end
local function generation(known, fresh)
  if known then return unpacked('<dd', known) end
  local made = server_ms()
  call('SET', KEYS[1], pack('<dd', fresh, made), 'PX', '3456000000')
  return fresh, made
end
)lua";

/// As sliding_window does it. What is mostly written is in front: {first and last of the newest entry, its amount, sum
/// of all entries, last of the oldest}; behind it the older entries {last, amount}, oldest first.
constexpr std::string_view sliding_windows = R"lua(
local function slide(w, packed, at, period, now)
  w.used, w.packed, w.from = 0, '', 1
  if not packed or #packed < at + 39 then return end
  local first, last, amount, used, oldest = unpacked('<ddddd', packed, at)
  if last > now + period or last + period <= now then return end
  local from, size = at + 40, #packed
  while oldest + period <= now do
    local _, gone = unpacked('<dd', packed, from)
    used, from = used - gone, from + 16
    oldest = from <= size and unpacked('<d', packed, from) or last
  end
  w.first, w.last, w.newest, w.used, w.oldest, w.packed, w.from = first, last, amount, used, oldest, packed, from
  w.same = from == at + 40
end
-- False when the older entries are others now, so that the front alone does not tell.
local function add(w, amount, period, now)
  w.used = w.used + amount
  if not w.last then
    w.first, w.last, w.newest, w.oldest = now, now, amount, now
    return false
  end
  now = math.max(now, w.last)
  if now - w.first < math.floor(period / 60) then
    if w.oldest == w.last and w.from > #w.packed then w.oldest = now end
    w.last, w.newest = now, w.newest + amount
    return w.same
  end
  w.packed, w.from = string.sub(w.packed, w.from) .. pack('<dd', w.last, w.newest), 1
  w.first, w.last, w.newest = now, now, amount
  return false
end
local function front(w) return pack('<ddddd', w.first, w.last, w.newest, w.used, w.oldest) end
local function whole(w) return front(w) .. string.sub(w.packed, w.from) end
)lua";

constexpr std::string_view fixed_windows = R"lua(
local function current(start, used, period, now)
  local new = now - now % period
  if new > start or start > now + period then return new, 0 end
  return start, used
end
)lua";

/// Leases are members of a sorted set; one of a larger amount is as many members.
constexpr std::string_view leases = R"lua(
local function member(holder, i) return i == 1 and holder or holder .. '#' .. i end
local function lend(key, holder, amount, expiry, now)
  for i = 1, amount do call('ZADD', key, expiry, member(holder, i)) end
  if amount > 0 then call('PEXPIRE', key, math.max(60000, 2 * (expiry - now))) end
end
)lua";

/// A hold that ran out belongs to a dead process: what that has spent is in the ledger alone, so the budget must be
/// asked for anew; no sooner than others have filed what they settled here, and never for less than was known. The hold
/// stays for an hour with amount 0, so that a process that was only frozen can settle.
///
/// The hash of holds has a member '-' that nobody ends, so that it keeps its end when it has no holds. It is gone
/// through when the first of them may have run out, a part at a time when they are many.
constexpr std::string_view budgets = R"lua(
local never, hour = 1e15, 3600000
local function open(key, held, packed)
  local gen, known, spent, pending, pending_at, reserved = 0, 0, 0, 0, 0, 0
  local least, since, due, cursor, kept = 0, 0, never, 0, 0
  if packed then
    gen, known, spent, pending, pending_at, reserved, least, since, due, cursor, kept =
      unpacked('<ddddddddddd', packed)
  end
  return {key = key, held = held, gen = gen, known = known, spent = spent, pending = pending, pending_at = pending_at,
          reserved = reserved, least = least, since = since, due = due, cursor = cursor, kept = kept}
end
local function save(b, last_use, now)
  local keep = math.max(last_use, now) + hour
  local lasting = keep - b.kept < hour / 6
  if not lasting then b.kept = keep end
  local packed = pack('<ddddddddddd', b.gen, b.known, b.spent, b.pending, b.pending_at, b.reserved, b.least, b.since,
                      b.due, b.cursor, b.kept)
  if lasting then
    call('SETRANGE', b.key, '0', packed)
  else
    call('SET', b.key, packed, 'PX', keep - now)
    call('HSET', b.held, '-', '')
    call('PEXPIRE', b.held, keep - now)
  end
end
local function enter(b, gen)
  if b.gen == gen then return end
  b.gen, b.known, b.spent, b.pending, b.pending_at, b.least, b.since = gen, 0, 0, 0, 0, 0, 0
end
local function hold(b, holder, amount, expiry)
  local packed, before = pack('<dd', amount, expiry), 0
  if call('HSETNX', b.held, holder, packed) == 0 then
    before = unpacked('<d', call('HGET', b.held, holder))
    call('HSET', b.held, holder, packed)
  end
  b.reserved, b.due = b.reserved + amount - before, math.min(b.due, expiry)
end
)lua";

constexpr std::string_view ends_of_holds = R"lua(
local function drop(b, holder)
  local packed = call('HGET', b.held, holder)
  if not packed then return false end
  call('HDEL', b.held, holder)
  local amount = unpacked('<d', packed)
  b.reserved = b.reserved - amount
  return true
end
)lua";

constexpr std::string_view expiry_of_budgets = R"lua(
local function expire(b, now)
  local function end_hold(b, holder, amount, now)
    if amount <= 0 then return call('HDEL', b.held, holder) end
    b.reserved, b.since = b.reserved - amount, server_ms()
    if b.known == 1 then b.known, b.least, b.spent = 0, b.spent, 0 end
    call('HSET', b.held, holder, pack('<dd', 0, now + hour))
  end
  local part = call('HSCAN', b.held, b.cursor, 'COUNT', '500')
  local whole = b.cursor == 0 and part[1] == '0'
  local seen, first = {}, now + hour
  for i = 1, #part[2], 2 do
    local holder = part[2][i]
    if holder ~= '-' and not seen[holder] then
      seen[holder] = true
      local amount, expiry = unpacked('<dd', part[2][i + 1])
      if expiry <= now then end_hold(b, holder, amount, now) else first = math.min(first, expiry) end
    end
  end
  b.cursor = tonumber(part[1])
  b.due = whole and first or b.cursor == 0 and now + 1000 or now
end
)lua";

constexpr std::string_view admit_body = R"lua(
local holder, numbers = ARGV[1], ARGV[2]
local now, fresh, longest, least, at = unpacked('<dddd', numbers)
local gen, made = generation(all[1], fresh)
local charges, unseeded, since, left, wanted = {}, {}, made, math.huge, nil

local k = 2
while at <= #numbers do
  local kind, period, limit, amount, ends
  kind, period, limit, amount, ends, at = unpacked('<ddddd', numbers, at)
  local key, packed = KEYS[k], all[k]
  -- All the members that it will have: to grow a table costs as much as ten of them.
  local c = kind == 1 and {kind = kind, key = key, period = period, limit = limit, amount = amount, used = 0, from = 1,
                           packed = '', first = 0, last = false, newest = 0, oldest = 0, same = false}
            or {kind = kind, key = key, period = period, limit = limit, amount = amount, used = 0, ends = ends,
                start = 0, budget = false, changed = false}
  k = k + 1
  if kind == 1 then
    slide(c, packed, 1, period, now)
  elseif kind == 2 then
    local start, used = 0, 0
    if packed then start, used = unpacked('<dd', packed) end
    c.start, c.used = current(start, used, period, now)
  elseif kind == 3 then
    call('ZREMRANGEBYSCORE', key, '-inf', now)
    c.used = call('ZCARD', key)
  else
    local b = open(key, KEYS[k], packed)
    c.budget = b
    k = k + 1
    wanted = wanted or c.amount
    if b.due <= now then
      expire(b, now)
      c.changed = true
    end
    local here = b.gen == gen
    c.used = b.reserved + (here and b.spent + b.pending or 0)
    if here and b.known == 1 then
      left = math.min(left, c.limit - c.used)
    else
      unseeded[#unseeded + 1] = #charges
      if here then since = math.max(since, b.since) end
    end
  end
  charges[#charges + 1] = c
end

local granted = wanted or 0
if least > 0 and least < granted then
  granted = math.min(granted, math.max(least, left == math.huge and granted or math.floor(left / 8)))
end

local function fits_at(c)
  if c.kind == 1 then
    local over, time = c.used + c.amount - c.limit, now
    for i = c.from, #c.packed, 16 do
      if over <= 0 then return time end
      local last, amount = unpacked('<dd', c.packed, i)
      over, time = over - amount, last + c.period
    end
    return over > 0 and c.last and c.last + c.period or time
  end
  if c.kind == 2 then return c.start + c.period end
  if c.kind == 3 then
    local oldest = call('ZRANGE', c.key, 0, 0, 'WITHSCORES')
    return oldest[2] and tonumber(oldest[2]) or now
  end
  return c.ends
end

local admitted, refused_by, retry_after = 1, 0, 0
for i = 1, #charges do
  local c = charges[i]
  if c.kind == 4 then c.amount = granted end
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

local answer = pack('<ddddddd', gen, admitted, refused_by, retry_after, granted, seed_after, #unseeded)
for i = 1, #unseeded do answer = answer .. pack('<d', unseeded[i]) end
for i = 1, #charges do
  local c = charges[i]
  if admitted == 1 then
    if c.kind == 1 then
      if add(c, c.amount, c.period, now) then
        call('SETRANGE', c.key, '0', front(c))
      else
        call('SET', c.key, whole(c), 'PX', 2 * c.period)
      end
    elseif c.kind == 2 then
      c.used = c.used + c.amount
      call('SET', c.key, pack('<dd', c.start, c.used), 'PX', 2 * c.period)
    elseif c.kind == 3 then
      lend(c.key, holder, c.amount, now + math.min(c.period, longest), now)
      c.used = c.used + c.amount
    else
      hold(c.budget, holder, granted, now + longest)
      c.changed, c.used = true, c.used + granted
    end
  end
  if c.changed then save(c.budget, c.ends, now) end
  local resets_at
  if c.kind == 1 and c.used + c.amount <= c.limit then
    resets_at = c.last and c.last + c.period or now
  else
    resets_at = fits_at(c)
  end
  answer = answer .. pack('<dd', c.used, resets_at)
end
return answer
)lua";

/// Nothing is written of a window, and all of a budget, when a key turns out to be of another kind: then the same call
/// can be repeated.
constexpr std::string_view settle_body = R"lua(
local numbers, repeated = ARGV[1], ARGV[#ARGV] == '1'
local fresh, at = unpacked('<d', numbers)
local gen = generation(all[1], fresh)
local windows, opened = {}, {}

local function adjust(w, difference, charged_at)
  for i = #w.packed - 15, w.from, -16 do
    local last, amount = unpacked('<dd', w.packed, i)
    if last < charged_at then break end
    w.found, w.found_last, w.found_amount = i, last, amount
  end
  if not w.found and (not w.last or w.last < charged_at) then return false end
  local before = w.found and w.found_amount or w.newest
  local amount = math.max(0, before + difference)
  w.used = w.used + amount - before
  if not w.found then
    w.newest = amount
    return true
  end
  local i = w.found
  w.packed = string.sub(w.packed, w.from, i - 1) .. pack('<dd', w.found_last, amount) .. string.sub(w.packed, i + 16)
  w.from = 1
  return true
end

local function settle(holder, now, charged_at, of)
  local kind, period, amount, used, ends, k
  kind, period, amount, used, ends, k, at = unpacked('<dddddd', numbers, at)
  local key = KEYS[k]
  local packed = windows[key] and windows[key].packed or all[k]
  if kind == 3 then
    for i = 1, amount do call('ZREM', key, member(holder, i)) end
  elseif kind == 4 then
    local b = opened[key]
    if not b then
      b = open(key, KEYS[k + 1], packed)
      enter(b, gen)
      opened[key] = b
    end
    b.ends, b.now = ends, now
    -- Without a hold of this generation it was settled already.
    if drop(b, holder) or of ~= gen then
      if b.known == 1 then b.spent = b.spent + used else b.pending, b.pending_at = b.pending + used, now end
    end
  elseif repeated or amount == used then
    -- What may have been put right already is left as it is.
  elseif kind == 1 then
    local w = {last = false, found = false}
    slide(w, packed, 1, period, now)
    if charged_at + period > now and adjust(w, used - amount, charged_at) then
      windows[key] = {packed = whole(w), period = period}
    end
  else
    local start, count = 0, 0
    if packed then start, count = unpacked('<dd', packed) end
    start, count = current(start, count, period, now)
    if charged_at >= start and charged_at < start + period then
      windows[key] = {packed = pack('<dd', start, math.max(0, count + used - amount)), period = period}
    end
  end
end

local done, why = pcall(function()
  for h = 2, #ARGV - 1 do
    local now, charged_at, of, count
    now, charged_at, of, count, at = unpacked('<dddd', numbers, at)
    for _ = 1, count do settle(ARGV[h], now, charged_at, of) end
  end
end)
for _, b in pairs(opened) do save(b, b.ends, b.now) end
if not done then return type(why) == 'table' and why or redis.error_reply(why) end
for key, w in pairs(windows) do call('SET', key, w.packed, 'PX', 2 * w.period) end
return pack('<d', gen)
)lua";

constexpr std::string_view seed_body = R"lua(
local now, fresh, of, spent, ends = unpacked('<ddddd', ARGV[1])
local gen = generation(all[1], fresh)
if of == gen or of == 0 then
  local b = open(KEYS[2], KEYS[3], all[2])
  enter(b, gen)
  if b.known == 0 then
    b.spent = math.max(spent, b.least)
    if b.pending_at + 60000 > now then b.spent = b.spent + b.pending end
    b.known, b.pending, b.pending_at, b.least, b.since = 1, 0, 0, 0, 0
  end
  save(b, ends, now)
end
return pack('<d', gen)
)lua";

/// A key's counters: {start of the day, count, last pick}, then its sliding minute.
constexpr std::string_view picks = R"lua(
local day, minute = 86400000, 60000
local function counters(key, packed, now)
  local o = {key = key, index = 0, rank = 0, start = 0, count = 0, last_pick = 0, used = false, packed = '', first = 0,
             last = false, newest = 0, oldest = 0, from = 1, same = false}
  local start, count = 0, 0
  if packed then start, count, o.last_pick = unpacked('<ddd', packed) end
  o.start, o.count = current(start, count, day, now)
  return o
end
local function count(o, picked, now)
  local only_front = add(o, picked, minute, now)
  o.count, o.last_pick = o.count + picked, now
  local own = pack('<ddd', o.start, o.count, now)
  if only_front then
    call('SETRANGE', o.key, '0', own .. front(o))
  else
    call('SET', o.key, own .. whole(o), 'PX', 2 * day)
  end
end
)lua";

constexpr std::string_view pick_body = R"lua(
local now, fresh, at = unpacked('<dd', ARGV[1])
local gen = generation(all[1], fresh)
local best, options = nil, {}
for i = 2, #KEYS do
  local rank, daily, minutely
  rank, daily, minutely, at = unpacked('<ddd', ARGV[1], at)
  local o = counters(KEYS[i], all[i], now)
  o.index, o.rank = i - 2, rank
  local free = daily <= 0 or o.count < daily
  if free and minutely > 0 then
    slide(o, all[i], 25, minute, now)
    free = o.used < minutely
  end
  if free and (not best or rank > best.rank or rank == best.rank and
               (o.count < best.count or o.count == best.count and o.last_pick < best.last_pick)) then
    best = o
  end
  options[i - 1] = o
end
local picked, used = -1, 0
if best then
  if not best.used then slide(best, all[best.index + 2], 25, minute, now) end
  count(best, 1, now)
  picked, used = best.index, best.used
end
local answer = pack('<ddd', gen, picked, used)
for i = 1, #options do answer = answer .. pack('<dd', options[i].count, options[i].last_pick) end
return answer
)lua";

constexpr std::string_view count_body = R"lua(
local fresh, at = unpacked('<d', ARGV[1])
local answer = pack('<d', (generation(all[1], fresh)))
for i = 2, #KEYS do
  local picked, now
  picked, now, at = unpacked('<dd', ARGV[1], at)
  local o = counters(KEYS[i], all[i], now)
  slide(o, all[i], 25, minute, now)
  count(o, picked, math.max(now, o.last_pick))
  answer = answer .. pack('<ddd', o.count, o.used, o.last_pick)
end
return answer
)lua";

constexpr std::string_view restore_body = R"lua(
local now, fresh, at = unpacked('<dd', ARGV[1])
local gen = generation(all[1], fresh)
local day = 86400000
for i = 2, #KEYS do
  local told, told_last
  told, told_last, at = unpacked('<dd', ARGV[1], at)
  local start, count, last, minute = 0, 0, 0, ''
  if all[i] then
    start, count, last = unpacked('<ddd', all[i])
    minute = string.sub(all[i], 25)
  end
  start, count = current(start, count, day, now)
  call('SET', KEYS[i], pack('<ddd', start, math.max(count, told), math.max(last, told_last)) .. minute, 'PX', 2 * day)
end
return pack('<d', gen)
)lua";

constexpr std::string_view hold_body = R"lua(
local now, fresh, at = unpacked('<dd', ARGV[1])
local gen = generation(all[1], fresh)
local k, h, opened = 2, 2, {}
while at <= #ARGV[1] do
  local kind, amount, expiry, ends, of
  kind, amount, expiry, ends, of, at = unpacked('<ddddd', ARGV[1], at)
  local key, holder = KEYS[k], ARGV[h]
  k, h = k + 1, h + 1
  if kind == 3 then
    lend(key, holder, amount, expiry, now)
  else
    local b = opened[key] or open(key, KEYS[k], all[k - 1])
    k = k + 1
    opened[key], b.ends = b, ends
    enter(b, gen)
    -- A hold of this generation that is not there was settled meanwhile.
    if of ~= gen or call('HEXISTS', b.held, holder) == 1 then hold(b, holder, amount, expiry) end
  end
end
for _, b in pairs(opened) do save(b, b.ends, now) end
return pack('<d', gen)
)lua";

constexpr std::string_view beat_body = R"lua(
local gen, made = generation(all[1], unpacked('<d', ARGV[1]))
call('SET', KEYS[1], pack('<dd', gen, made), 'PX', '3456000000')
return pack('<dd', gen, server_ms() - made)
)lua";

constexpr std::string_view renew_body = R"lua(
local fresh, known, younger = unpacked('<ddd', ARGV[1])
local gen, made = generation(all[1], fresh)
local now = server_ms()
if gen == known or now - made > younger then
  gen = fresh
  call('SET', KEYS[1], pack('<dd', gen, now), 'PX', '3456000000')
end
return pack('<d', gen)
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
  append_word(made.named, "EVALSHA");
  append_word(made.named, made.sha1);
  return made;
}

}  // namespace

const script& admit_script() {
  static const auto made =
      compose("admit", basics, sliding_windows, fixed_windows, leases, budgets, expiry_of_budgets, admit_body);
  return made;
}

const script& settle_script() {
  static const auto made =
      compose("settle", basics, sliding_windows, fixed_windows, leases, budgets, ends_of_holds, settle_body);
  return made;
}

const script& seed_script() {
  static const auto made = compose("seed", basics, budgets, seed_body);
  return made;
}

const script& pick_script() {
  static const auto made = compose("pick", basics, sliding_windows, fixed_windows, picks, pick_body);
  return made;
}

const script& count_script() {
  static const auto made = compose("count", basics, sliding_windows, fixed_windows, picks, count_body);
  return made;
}

const script& restore_script() {
  static const auto made = compose("restore", basics, fixed_windows, restore_body);
  return made;
}

const script& hold_script() {
  static const auto made = compose("hold", basics, leases, budgets, hold_body);
  return made;
}

const script& beat_script() {
  static const auto made = compose("beat", basics, beat_body);
  return made;
}

const script& renew_script() {
  static const auto made = compose("renew", basics, renew_body);
  return made;
}

std::array<const script*, 9> all_scripts() {
  return {&admit_script(),   &settle_script(), &seed_script(), &pick_script(), &count_script(),
          &restore_script(), &hold_script(),   &beat_script(), &renew_script()};
}

}  // namespace spidergate::kv::redis
