#include "exposition.hpp"

#include <spidergate/telemetry/metrics.hpp>

#include <map>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

namespace spidergate::telemetry {

namespace {

constexpr std::string_view overflow = "other";

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class T>
using by_text = std::unordered_map<std::string, T, text_hash, std::equal_to<>>;

/// Label values cannot be told apart by a separator alone, as they come from outside; their lengths can.
void make_key(std::string& key, std::initializer_list<std::string_view> values) {
  key.clear();
  for (const auto value : values) {
    const auto size = static_cast<std::uint32_t>(value.size());
    key.append(reinterpret_cast<const char*>(&size), sizeof size);
    key.append(value);
  }
}

std::int64_t shown(const counter& c) {
  return c.value();
}
std::int64_t shown(const gauge& g) {
  return g.value();
}
const histogram& shown(const histogram& h) {
  return h;
}

}  // namespace

template <class Metric>
struct family<Metric>::impl {
  struct series {
    labels of;
    std::unique_ptr<Metric> metric;
  };
  /// What one worker has met; touched by its thread only.
  struct alignas(64) view {
    by_text<Metric*> known;
  };

  impl(std::size_t workers, std::vector<std::string> names, std::size_t max, std::function<std::unique_ptr<Metric>()> m)
      : label_names(std::move(names)), max_series(max), make(std::move(m)), views(workers + 1) {}

  Metric& find(std::initializer_list<std::string_view> values) {
    if (values.size() != label_names.size()) throw std::logic_error("a series needs a value for each label");
    thread_local std::string key;
    make_key(key, values);
    const auto row = detail::row_of_this_thread(views.size());
    if (row == 0) return find_shared(key, values).first;
    auto& known = views[row].known;
    if (const auto at = known.find(key); at != known.end()) return *at->second;
    const auto [metric, is_own] = find_shared(key, values);
    if (is_own) known.emplace(key, &metric);
    return metric;
  }

  /// The series, and whether it stands for these values alone (not for "other").
  std::pair<Metric&, bool> find_shared(std::string_view key, std::initializer_list<std::string_view> values) {
    const std::lock_guard lock(mutex);
    if (const auto at = all.find(key); at != all.end()) return {*at->second.metric, true};
    if (all.size() < max_series) return {add(std::string(key), values), true};
    if (!others.metric) others = make_series([](std::size_t) { return std::string(overflow); });
    return {*others.metric, false};
  }

  Metric& add(std::string key, std::initializer_list<std::string_view> values) {
    auto made = make_series([&](std::size_t i) { return std::string(values.begin()[i]); });
    return *all.emplace(std::move(key), std::move(made)).first->second.metric;
  }

  template <class Value>
  series make_series(Value value) {
    series made{{}, make()};
    for (std::size_t i = 0; i < label_names.size(); ++i) made.of.emplace_back(label_names[i], value(i));
    return made;
  }

  void expose(std::string& out, std::string_view name) const {
    const std::lock_guard lock(mutex);
    for (const auto& [key, one] : all) exposition::append_series(out, name, one.of, shown(*one.metric));
    if (others.metric) exposition::append_series(out, name, others.of, shown(*others.metric));
  }

  const std::vector<std::string> label_names;
  const std::size_t max_series;
  const std::function<std::unique_ptr<Metric>()> make;
  mutable std::mutex mutex;
  std::map<std::string, series, std::less<>> all;
  series others;
  std::vector<view> views;
};

template <class Metric>
family<Metric>::family(std::unique_ptr<impl> how) : impl_(std::move(how)) {}
template <class Metric>
family<Metric>::~family() = default;
template <class Metric>
Metric& family<Metric>::with(std::initializer_list<std::string_view> values) {
  return impl_->find(values);
}

template class family<counter>;
template class family<gauge>;
template class family<histogram>;

struct registry::impl {
  using writer = std::function<void(std::string& out)>;
  struct group {
    std::string name, type, help;
    std::vector<labels> taken;
    std::vector<writer> writers;
  };

  explicit impl(std::size_t count) : workers(count) {}

  void add(std::string name, std::string_view type, std::string help, labels fixed, writer write) {
    if (!exposition::is_metric_name(name)) throw std::logic_error("not a metric name: " + name);
    for (const auto& [label, value] : fixed) check_label(label);
    auto& to = group_of(name, type, help);
    for (const auto& other : to.taken) {
      if (other == fixed) throw std::logic_error("registered twice: " + name);
    }
    to.taken.push_back(std::move(fixed));
    to.writers.push_back(std::move(write));
  }

  group& group_of(const std::string& name, std::string_view type, std::string& help) {
    for (auto& one : groups) {
      if (one.name != name) continue;
      if (one.type != type) throw std::logic_error("registered as two types: " + name);
      return one;
    }
    groups.push_back({name, std::string(type), std::move(help), {}, {}});
    return groups.back();
  }

  static void check_label(std::string_view name) {
    if (!exposition::is_label_name(name)) throw std::logic_error("not a label name: " + std::string(name));
  }

  template <class Metric, class... Args>
  Metric& add_single(std::string name, std::string_view type, std::string help, labels fixed, Args&&... args) {
    auto metric = std::make_shared<Metric>(workers, std::forward<Args>(args)...);
    auto& it = *metric;
    auto write = [metric, name, fixed](std::string& out) {
      exposition::append_series(out, name, fixed, shown(*metric));
    };
    add(std::move(name), type, std::move(help), std::move(fixed), std::move(write));
    return it;
  }

  template <class Metric>
  family<Metric>& add_family(std::string name, std::string_view type, std::string help, std::vector<std::string> names,
                             std::size_t max, std::function<std::unique_ptr<Metric>()> make) {
    for (const auto& label : names) check_label(label);
    auto inside = std::make_unique<typename family<Metric>::impl>(workers, std::move(names), max, std::move(make));
    auto made = std::make_shared<family<Metric>>(std::move(inside));
    auto write = [made, name](std::string& out) { made->inside().expose(out, name); };
    add(std::move(name), type, std::move(help), {}, std::move(write));
    return *made;
  }

  const std::size_t workers;
  std::vector<group> groups;
};

registry::registry(std::size_t workers) : impl_(std::make_unique<impl>(workers)) {}
registry::~registry() = default;

std::size_t registry::workers() const noexcept {
  return impl_->workers;
}

counter& registry::add_counter(std::string name, std::string help, labels fixed) {
  return impl_->add_single<counter>(std::move(name), "counter", std::move(help), std::move(fixed));
}

gauge& registry::add_gauge(std::string name, std::string help, labels fixed) {
  return impl_->add_single<gauge>(std::move(name), "gauge", std::move(help), std::move(fixed));
}

histogram& registry::add_histogram(std::string name, std::string help, const histogram_scale& scale, labels fixed) {
  return impl_->add_single<histogram>(std::move(name), "histogram", std::move(help), std::move(fixed), scale);
}

void registry::add_observed_gauge(std::string name, std::string help, labels fixed, std::function<std::int64_t()> ask) {
  auto write = [ask = std::move(ask), name, fixed](std::string& out) {
    exposition::append_series(out, name, fixed, ask());
  };
  impl_->add(std::move(name), "gauge", std::move(help), std::move(fixed), std::move(write));
}

void registry::add_observed_counter(std::string name, std::string help, labels fixed,
                                    std::function<std::int64_t()> ask) {
  auto write = [ask = std::move(ask), name, fixed](std::string& out) {
    exposition::append_series(out, name, fixed, ask());
  };
  impl_->add(std::move(name), "counter", std::move(help), std::move(fixed), std::move(write));
}

family<counter>& registry::add_counters(std::string name, std::string help, std::vector<std::string> label_names,
                                        std::size_t max_series) {
  auto make = [workers = impl_->workers] { return std::make_unique<counter>(workers); };
  return impl_->add_family<counter>(std::move(name), "counter", std::move(help), std::move(label_names), max_series,
                                    make);
}

family<gauge>& registry::add_gauges(std::string name, std::string help, std::vector<std::string> label_names,
                                    std::size_t max_series) {
  auto make = [workers = impl_->workers] { return std::make_unique<gauge>(workers); };
  return impl_->add_family<gauge>(std::move(name), "gauge", std::move(help), std::move(label_names), max_series, make);
}

family<histogram>& registry::add_histograms(std::string name, std::string help, const histogram_scale& scale,
                                            std::vector<std::string> label_names, std::size_t max_series) {
  auto make = [workers = impl_->workers, scale] { return std::make_unique<histogram>(workers, scale); };
  return impl_->add_family<histogram>(std::move(name), "histogram", std::move(help), std::move(label_names), max_series,
                                      make);
}

void registry::expose(std::string& out) const {
  for (const auto& one : impl_->groups) {
    exposition::append_head(out, one.name, one.type, one.help);
    for (const auto& write : one.writers) write(out);
  }
}

}  // namespace spidergate::telemetry
