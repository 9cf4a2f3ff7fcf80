#include <spidergate/telemetry/metrics.hpp>

#include <algorithm>
#include <memory>
#include <new>

namespace spidergate::telemetry {

namespace {
constexpr std::size_t cache_line = 64;
constexpr std::size_t cells_per_line = cache_line / sizeof(std::atomic<std::int64_t>);
constinit thread_local std::size_t row_of_thread = 0;
}  // namespace

void count_as_worker(std::size_t worker) noexcept {
  row_of_thread = worker + 1;
}

namespace detail {

std::size_t row_of_this_thread(std::size_t rows) noexcept {
  return row_of_thread < rows ? row_of_thread : 0;
}

cell_rows::cell_rows(std::size_t workers, std::size_t per_row)
    : rows_(workers + 1), stride_((per_row + cells_per_line - 1) / cells_per_line * cells_per_line) {
  const auto count = rows_ * stride_;
  cells_ = static_cast<std::atomic<std::int64_t>*>(
      ::operator new(count * sizeof(std::atomic<std::int64_t>), std::align_val_t(cache_line)));
  std::uninitialized_value_construct_n(cells_, count);
}

cell_rows::~cell_rows() {
  ::operator delete(cells_, std::align_val_t(cache_line));
}

void cell_rows::add(std::size_t cell, std::int64_t n) noexcept {
  const auto row = row_of_this_thread(rows_);
  auto& mine = cells_[row * stride_ + cell];
  if (row == 0) {
    mine.fetch_add(n, std::memory_order_relaxed);
  } else {
    mine.store(mine.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
}

void cell_rows::set(std::size_t cell, std::int64_t n) noexcept {
  cells_[row_of_this_thread(rows_) * stride_ + cell].store(n, std::memory_order_relaxed);
}

std::int64_t cell_rows::sum(std::size_t cell) const noexcept {
  std::int64_t total = 0;
  for (std::size_t row = 0; row < rows_; ++row) total += cells_[row * stride_ + cell].load(std::memory_order_relaxed);
  return total;
}

}  // namespace detail

namespace {

constexpr std::int64_t us = 1'000;
constexpr std::int64_t ms = 1'000 * us;
constexpr std::int64_t s = 1'000 * ms;

}  // namespace

const histogram_scale& latency_scale() {
  static const histogram_scale scale{
      {50 * us,  100 * us, 250 * us, 500 * us, 1 * ms,     2'500 * us, 5 * ms, 10 * ms, 25 * ms, 50 * ms,
       100 * ms, 250 * ms, 500 * ms, 1 * s,    2'500 * ms, 5 * s,      10 * s, 30 * s,  60 * s,  120 * s},
      s};
  return scale;
}

const histogram_scale& token_scale() {
  static const histogram_scale scale{{1, 4, 16, 64, 256, 1'024, 4'096, 16'384, 65'536, 262'144, 1'048'576, 4'194'304},
                                     1};
  return scale;
}

histogram::histogram(std::size_t workers, histogram_scale scale)
    : scale_(std::move(scale)), cells_(workers, scale_.upper_bounds.size() + 2) {}

void histogram::observe(std::int64_t recorded) noexcept {
  const auto& bounds = scale_.upper_bounds;
  const auto bucket =
      static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), recorded) - bounds.begin());
  cells_.add(bucket, 1);
  cells_.add(bounds.size() + 1, recorded);
}

histogram::reading histogram::read() const {
  reading now;
  const auto buckets = scale_.upper_bounds.size() + 1;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < buckets; ++i) now.cumulative.push_back(total += cells_.sum(i));
  now.sum = cells_.sum(buckets);
  return now;
}

}  // namespace spidergate::telemetry
