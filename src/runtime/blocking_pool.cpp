#include <spidergate/runtime/blocking_pool.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace spidergate::runtime {

struct blocking_pool::state {
  explicit state(std::size_t limit) : max_queued(limit) {}

  void run(std::size_t index) {
    pthread_setname_np(pthread_self(), ("blocking-" + std::to_string(index)).c_str());
    while (auto job = next()) job();
  }

  std::function<void()> next() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stopping || !jobs.empty(); });
    if (stopping) return nullptr;
    auto job = std::move(jobs.front());
    jobs.pop_front();
    return job;
  }

  const std::size_t max_queued;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  bool stopping = false;
  std::vector<std::thread> threads;
};

blocking_pool::blocking_pool(std::size_t threads, std::size_t max_queued)
    : state_(std::make_unique<state>(max_queued)) {
  for (std::size_t i = 0; i < threads; ++i) state_->threads.emplace_back([s = state_.get(), i] { s->run(i); });
}

blocking_pool::~blocking_pool() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    dropped.swap(state_->jobs);
  }
  state_->changed.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

bool blocking_pool::try_post(std::function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->jobs.size() >= state_->max_queued) return false;
    state_->jobs.push_back(std::move(job));
  }
  state_->changed.notify_one();
  return true;
}

std::size_t blocking_pool::queued() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->jobs.size();
}

}  // namespace spidergate::runtime
