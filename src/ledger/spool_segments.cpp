#include "spool_segments.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <thread>

namespace spidergate::ledger {

namespace {

/// Of a busy worker: while receipts come as fast as they go, one segment after another is filled and emptied, and none
/// has to be made.
constexpr std::size_t spares_kept = 2;

}  // namespace

spool_segments::spool_segments(std::string directory, std::size_t worker, std::size_t segment_bytes,
                               std::size_t max_bytes)
    : directory_(std::move(directory)),
      worker_(worker),
      segment_bytes_(segment_bytes),
      slots_(std::max<std::size_t>(2, max_bytes / segment_bytes)),
      absent_(slots_.size()) {
  // The loader makes the next one while this is filled, and touches the rest of this once it is used: a gateway that
  // nobody asks does without.
  if (const auto made = prepare(*find(state::absent), false); !made) {
    throw std::runtime_error("The spool in " + directory_ + " cannot be written: " + made.error().message() + '.');
  }
}

spool_segments::~spool_segments() {
  for (auto& one : slots_) {
    const auto is = one.is.load();
    if (is == state::absent) continue;
    const bool written = is == state::active || is == state::full;
    const auto loaded_up_to = one.sequence == kept_.sequence ? kept_.offset : sizeof(segment_header);
    one.file.close(!written || one.sequence < kept_.sequence || loaded_up_to == one.file.committed().size());
  }
}

result<void> spool_segments::append(std::string_view record) noexcept {
  if (record.empty()) return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  if (!active_ || !active_->file.fits(record.size())) {
    if (sizeof(segment_header) + space_of(record.size()) > segment_bytes_) {
      return boost::system::errc::make_error_code(boost::system::errc::message_size);
    }
    if (const auto ready = activate_next(); !ready) return ready;
  }
  active_->file.append(record);
  appended_.store(appended_.load(std::memory_order_relaxed) + space_of(record.size()), std::memory_order_release);
  return {};
}

result<void> spool_segments::activate_next() noexcept {
  auto* next = find(state::spare);
  for (; !next; next = find(state::spare)) {
    // The loader was not ahead of us; once in a long while the writer does it itself, or waits while the loader is at
    // it.
    if (auto* const room = find(state::absent)) {
      if (const auto made = prepare(*room, true); !made) return made;
    } else if (find(state::preparing)) {
      std::this_thread::yield();
    } else if (!find(state::spare)) {
      return boost::system::errc::make_error_code(boost::system::errc::no_buffer_space);
    }
  }
  if (active_) active_->is.store(state::full, std::memory_order_release);
  spares_.fetch_sub(1, std::memory_order_relaxed);
  next->sequence = ++sequence_;
  next->is.store(state::active, std::memory_order_release);
  active_ = next;
  return {};
}

bool spool_segments::has_room() const noexcept {
  if (spares_.load(std::memory_order_relaxed) > 0) return true;
  return absent_.load(std::memory_order_relaxed) > 0 && !allocation_failed_.load(std::memory_order_relaxed);
}

void spool_segments::prepare_spare() noexcept {
  if (spares_.load(std::memory_order_relaxed) > 0) return;
  if (auto* const room = find(state::absent)) (void)prepare(*room, true);
}

void spool_segments::peek(std::vector<std::string_view>& into, std::size_t max, std::uint64_t& damaged) {
  using kind = found_record::kind;
  while (into.size() < max) {
    auto* const from = find_written(peeked_.sequence);
    if (!from) return;
    from->file.touch_rest();
    // The state first: once it says full, the committed bytes are final.
    const bool final = from->is.load(std::memory_order_acquire) == state::full;
    const auto found = read_record(from->file.committed(), peeked_.offset);
    if (found.what == kind::end) {
      if (!final) return;
      peeked_ = {peeked_.sequence + 1, sizeof(segment_header), peeked_.bytes};
      continue;
    }
    if (found.what == kind::whole) {
      into.push_back(found.bytes);
    } else {
      ++damaged;
    }
    peeked_.bytes += found.next - peeked_.offset;
    peeked_.offset = found.next;
  }
}

void spool_segments::discard() noexcept {
  for (; kept_.sequence < peeked_.sequence; ++kept_.sequence) release(*find_written(kept_.sequence));
  kept_ = peeked_;
  loaded_.store(kept_.bytes, std::memory_order_release);
}

void spool_segments::rewind() noexcept {
  peeked_ = kept_;
}

spool_segments::slot* spool_segments::find(state wanted) noexcept {
  const auto at = std::find_if(slots_.begin(), slots_.end(),
                               [wanted](const slot& s) { return s.is.load(std::memory_order_acquire) == wanted; });
  return at == slots_.end() ? nullptr : &*at;
}

spool_segments::slot* spool_segments::find_written(std::uint64_t sequence) noexcept {
  const auto at = std::find_if(slots_.begin(), slots_.end(), [sequence](const slot& s) {
    const auto is = s.is.load(std::memory_order_acquire);
    return (is == state::active || is == state::full) && s.sequence == sequence;
  });
  return at == slots_.end() ? nullptr : &*at;
}

result<void> spool_segments::prepare(slot& in, bool touched) noexcept try {
  auto expected = state::absent;
  if (!in.is.compare_exchange_strong(expected, state::preparing)) return {};  // the other side is at it
  auto made = segment::create(directory_, worker_, segment_bytes_);
  allocation_failed_.store(!made, std::memory_order_relaxed);
  if (!made) {
    in.is.store(state::absent, std::memory_order_release);
    return made.error();
  }
  if (touched) made->touch_rest();
  in.file = std::move(*made);
  absent_.fetch_sub(1, std::memory_order_relaxed);
  spares_.fetch_add(1, std::memory_order_relaxed);
  in.is.store(state::spare, std::memory_order_release);
  return {};
} catch (const std::bad_alloc&) {
  in.is.store(state::absent, std::memory_order_release);
  return boost::system::errc::make_error_code(boost::system::errc::not_enough_memory);
}

void spool_segments::release(slot& done) noexcept {
  if (spares_.load(std::memory_order_relaxed) < spares_kept) {
    done.file.reset();
    spares_.fetch_add(1, std::memory_order_relaxed);
    done.is.store(state::spare, std::memory_order_release);
  } else {
    done.file.close(true);
    absent_.fetch_add(1, std::memory_order_relaxed);
    done.is.store(state::absent, std::memory_order_release);
  }
}

}  // namespace spidergate::ledger
