#include "spool_segments.hpp"

#include <spidergate/ledger/spool.hpp>

namespace spidergate::ledger {

spool_writer::spool_writer(std::string directory, std::size_t worker, std::size_t segment_bytes, std::size_t max_bytes)
    : impl_(std::make_shared<impl>(std::move(directory), worker, segment_bytes, max_bytes)) {}
spool_writer::~spool_writer() = default;
result<void> spool_writer::append(std::string_view record) noexcept {
  return impl_->append(record);
}
bool spool_writer::has_room() const noexcept {
  return impl_->has_room();
}
std::size_t spool_writer::pending_bytes() const noexcept {
  // The loader may be ahead of the writer's count by the record that is being appended.
  const auto loaded = impl_->loaded_bytes();
  const auto appended = impl_->appended_bytes();
  return appended > loaded ? static_cast<std::size_t>(appended - loaded) : 0;
}

}  // namespace spidergate::ledger
