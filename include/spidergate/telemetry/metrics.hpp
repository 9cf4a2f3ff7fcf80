#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Counters, gauges and histograms, and their Prometheus text (exposition format 0.0.4).
///
/// Everything is registered while the program is wired, before threads use it; the references stay valid as long as the
/// registry. Each worker counts in cells of its own, on cache lines of its own, with relaxed atomics; a scrape adds
/// them up. So counting never makes workers wait for each other.
namespace spidergate::telemetry {

/// Says that the calling thread counts in the cells of `worker` from now on; called once, as a worker starts, and for
/// each worker by one thread at a time. Threads that never call it share one set of cells, which is right for
/// everything but the request path.
void count_as_worker(std::size_t worker) noexcept;

namespace detail {

/// One row of 64-bit cells per worker and one for all other threads, each row on its own cache lines.
class cell_rows {
 public:
  cell_rows(std::size_t workers, std::size_t per_row);
  ~cell_rows();
  cell_rows(const cell_rows&) = delete;
  cell_rows& operator=(const cell_rows&) = delete;

  /// Adds to the calling thread's cell. A worker is alone in its row, so it needs no locked instruction there.
  void add(std::size_t cell, std::int64_t n) noexcept;
  void set(std::size_t cell, std::int64_t n) noexcept;
  [[nodiscard]] std::int64_t sum(std::size_t cell) const noexcept;

 private:
  std::size_t rows_;
  std::size_t stride_;
  std::atomic<std::int64_t>* cells_;
};

/// The calling thread's row among `rows`; 0 is the shared one.
[[nodiscard]] std::size_t row_of_this_thread(std::size_t rows) noexcept;

}  // namespace detail

/// A T for each worker, for what a worker keeps to itself.
template <class T>
class per_worker {
 public:
  explicit per_worker(std::size_t workers) : rows_(workers + 1) {}
  /// The calling worker's own; null on any other thread.
  [[nodiscard]] T* mine() noexcept {
    const auto row = detail::row_of_this_thread(rows_.size());
    return row == 0 ? nullptr : &rows_[row].own;
  }

 private:
  struct alignas(64) row {
    T own;
  };
  std::vector<row> rows_;
};

/// Label names with their values.
using labels = std::vector<std::pair<std::string, std::string>>;

/// A number that only grows. Any thread.
class counter {
 public:
  explicit counter(std::size_t workers) : cells_(workers, 1) {}
  void add(std::int64_t n = 1) noexcept { cells_.add(0, n); }
  [[nodiscard]] std::int64_t value() const noexcept { return cells_.sum(0); }

 private:
  detail::cell_rows cells_;
};

/// A number that goes up and down: the sum of what each worker has. Any thread.
class gauge {
 public:
  explicit gauge(std::size_t workers) : cells_(workers, 1) {}
  void add(std::int64_t n) noexcept { cells_.add(0, n); }
  /// Replaces the calling worker's part of the sum.
  void set(std::int64_t n) noexcept { cells_.set(0, n); }
  [[nodiscard]] std::int64_t value() const noexcept { return cells_.sum(0); }

 private:
  detail::cell_rows cells_;
};

/// What a histogram's values are: recorded as integers, shown divided by `units_per_shown`.
struct histogram_scale {
  std::vector<std::int64_t> upper_bounds;  ///< rising; the bucket without a bound comes by itself
  std::int64_t units_per_shown = 1;        ///< 1'000'000'000: recorded in nanoseconds, shown in seconds
};
/// 50 µs to 120 s, recorded in nanoseconds.
[[nodiscard]] const histogram_scale& latency_scale();
/// 1 to 4 M, in steps of 4: token counts.
[[nodiscard]] const histogram_scale& token_scale();

/// How often values fell below each bound, and their sum. Any thread.
class histogram {
 public:
  histogram(std::size_t workers, histogram_scale scale);
  void observe(std::int64_t recorded) noexcept;
  void observe(std::chrono::nanoseconds recorded) noexcept { observe(recorded.count()); }

  struct reading {
    std::vector<std::int64_t> cumulative;  ///< per bound, then all
    std::int64_t sum = 0;
  };
  [[nodiscard]] reading read() const;
  [[nodiscard]] const histogram_scale& scale() const noexcept { return scale_; }

 private:
  histogram_scale scale_;
  detail::cell_rows cells_;  ///< one per bound, one for the rest, one for the sum
};

/// The series of one metric whose label values come with the traffic (provider, model, status). Their number is
/// bounded: once it is reached, what is new counts under "other" in every label. A known series is found without a lock
/// by the workers.
template <class Metric>
class family {
 public:
  struct impl;
  explicit family(std::unique_ptr<impl> how);
  ~family();
  /// The series with these values, in the order of the family's label names. Any thread; the reference stays valid.
  [[nodiscard]] Metric& with(std::initializer_list<std::string_view> values);
  [[nodiscard]] impl& inside() noexcept { return *impl_; }

 private:
  std::unique_ptr<impl> impl_;
};

/// Owns the metrics. Registering is for the start of the program (one thread); names that Prometheus would refuse, a
/// name registered twice with the same labels or as another type throw std::logic_error.
class registry {
 public:
  /// Workers above `workers` count in the shared cells.
  explicit registry(std::size_t workers);
  ~registry();
  [[nodiscard]] std::size_t workers() const noexcept;

  counter& add_counter(std::string name, std::string help, labels fixed = {});
  gauge& add_gauge(std::string name, std::string help, labels fixed = {});
  histogram& add_histogram(std::string name, std::string help, const histogram_scale& scale, labels fixed = {});
  /// A value that is asked for at each scrape, on the scraping thread.
  void add_observed_gauge(std::string name, std::string help, labels fixed, std::function<std::int64_t()> ask);
  /// The same for a number that only grows and is counted elsewhere.
  void add_observed_counter(std::string name, std::string help, labels fixed, std::function<std::int64_t()> ask);

  family<counter>& add_counters(std::string name, std::string help, std::vector<std::string> label_names,
                                std::size_t max_series = 500);
  family<gauge>& add_gauges(std::string name, std::string help, std::vector<std::string> label_names,
                            std::size_t max_series = 500);
  family<histogram>& add_histograms(std::string name, std::string help, const histogram_scale& scale,
                                    std::vector<std::string> label_names, std::size_t max_series = 500);

  /// Appends all metrics as Prometheus text. Any thread. Content type: "text/plain; version=0.0.4; charset=utf-8".
  void expose(std::string& out) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::telemetry
