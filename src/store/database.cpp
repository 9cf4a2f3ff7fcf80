#include "job_queue.hpp"

#include <spidergate/store/database.hpp>

#include <pthread.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace spidergate::store {

struct database::impl {
  explicit impl(std::size_t max_queued) : writes(max_queued), reads(max_queued) {}

  void start(const opener& open, job_queue& from, const char* name) {
    auto opened = open();
    if (!opened) throw std::runtime_error(opened.error());
    threads.emplace_back([&from, name, on = std::move(*opened)] {
      pthread_setname_np(pthread_self(), name);
      while (const auto next = from.pop()) (*next)(*on);
    });
  }

  ~impl() {
    reads.close(true);
    writes.close(false);
  }

  job_queue writes;
  job_queue reads;
  std::vector<std::jthread> threads;  // last, so that they end before the queues do
};

database::database(const opener& open, std::size_t readers, std::size_t max_queued)
    : impl_(std::make_unique<impl>(max_queued)) {
  impl_->start(open, impl_->writes, "db-writer");
  for (std::size_t i = 0; i < readers; ++i) impl_->start(open, impl_->reads, "db-reader");
}

database::~database() = default;

bool database::post_write(job work) {
  return impl_->writes.push(std::move(work));
}
bool database::post_read(job work) {
  return impl_->reads.push(std::move(work));
}

}  // namespace spidergate::store
