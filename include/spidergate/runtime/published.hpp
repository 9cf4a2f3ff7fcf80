#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace spidergate::runtime {

/// An immutable snapshot (settings, tokens, integrations) that one thread replaces and every worker reads. Reading
/// costs one atomic load while nothing has changed: each reader keeps its own shared_ptr and takes the lock only after
/// a publication.
template <class T>
class published {
 public:
  explicit published(std::shared_ptr<const T> first) : current_(std::move(first)) {}

  /// Replaces the snapshot. Thread-safe.
  void publish(std::shared_ptr<const T> next) {
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
    version_.fetch_add(1, std::memory_order_release);
  }

  /// The newest snapshot, for threads without a reader of their own. Thread-safe.
  [[nodiscard]] std::shared_ptr<const T> load() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

  /// One thread's view. Must not outlive the published object.
  class reader {
   public:
    explicit reader(const published& source)
        : source_(&source), version_(source.version_.load(std::memory_order_acquire)), held_(source.load()) {}

    /// The newest snapshot; the reference stays valid until the next call.
    [[nodiscard]] const std::shared_ptr<const T>& get() {
      const auto now = source_->version_.load(std::memory_order_acquire);
      if (now != version_) {
        held_ = source_->load();
        version_ = now;
      }
      return held_;
    }

   private:
    const published* source_;
    std::uint64_t version_;
    std::shared_ptr<const T> held_;
  };

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_;
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace spidergate::runtime
