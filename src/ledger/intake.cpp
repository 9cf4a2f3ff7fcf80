#include "intake.hpp"

#include "segment.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/telemetry/log.hpp>

#include <fcntl.h>
#include <unistd.h>

namespace spidergate::ledger {

namespace {

constexpr std::size_t rows_per_removal = 1'000;

/// Whether the fault may lie in a receipt rather than in the database. Not so errc::failed: it is also what a table
/// that is missing for a while gives, and no receipt may be set aside for that.
bool blames_content(error_code why) {
  return why == store::errc::constraint;
}

}  // namespace

bool intake::take(std::span<const std::string_view> records) {
  if (!connect()) return false;
  decode(records);
  const auto inserted = batch_.empty() ? result<std::size_t>(0) : insert(batch_);
  if (!inserted && !(blames_content(inserted.error()) && batch_.size() > 1 && take_one_by_one())) {
    return fail(inserted.error());
  }
  // Only now, for a batch that fails is tried again as a whole.
  figures_.corrupt_records += unreadable_.size();
  for (const auto record : unreadable_) reject(record);
  return true;
}

bool intake::connect() {
  if (on_) return true;
  auto opened = open_();
  if (!opened) {
    trouble_ = opened.error();
    return false;
  }
  on_ = std::move(*opened);
  return true;
}

void intake::decode(std::span<const std::string_view> records) {
  batch_.clear();
  unreadable_.clear();
  for (const auto record : records) {
    receipts::entry one{.columns = {}, .stored = record};
    if (model::decode_columns(record, one.columns)) {
      batch_.push_back(one);
    } else {
      unreadable_.push_back(record);
    }
  }
}

result<std::size_t> intake::insert(std::span<const receipts::entry> batch) {
  const auto fresh = receipts::insert_batch(*on_, batch);
  if (!fresh) return fresh;
  figures_.loaded += *fresh;
  figures_.duplicates += batch.size() - *fresh;
  return fresh;
}

/// One receipt that the database refuses must not hold up all that come after it. It is given up only where others go
/// through: when none does, it is the database that is at fault.
bool intake::take_one_by_one() {
  std::vector<const receipts::entry*> refused;
  for (const auto& one : batch_) {
    const auto inserted = insert({&one, 1});
    if (inserted) continue;
    if (!blames_content(inserted.error())) return false;
    refused.push_back(&one);
  }
  if (refused.size() == batch_.size()) return false;
  for (const auto* one : refused) {
    ++figures_.corrupt_records;
    reject(one->stored);
    telemetry::log::error("a receipt was refused by the database and set aside",
                          {{"request_id", one->columns.request_id}, {"reason", on_->last_message()}});
  }
  return true;
}

/// Kept in the spool's own record form, for a person to look at.
void intake::reject(std::string_view record) {
  std::string framed(space_of(record.size()), '\0');
  const auto length = static_cast<std::uint32_t>(record.size());
  framed.replace(0, sizeof length, reinterpret_cast<const char*>(&length), sizeof length);
  framed.replace(8, record.size(), record);
  const int file = ::open((directory_ + "/rejected").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (::write(file, framed.data(), framed.size()) < 0)
    telemetry::log::error("a refused receipt could not be set aside");
  ::close(file);
}

bool intake::remove_older(epoch_ms before) {
  if (!connect()) return false;
  const auto gone = receipts::remove_older(*on_, before, rows_per_removal);
  return gone ? *gone > 0 : fail(gone.error());
}

bool intake::fail(error_code why) {
  trouble_ = why.message() + ' ' + std::string(on_->last_message());
  // A connection to PostgreSQL mends itself, when its back-off lets it.
  if (on_->kind() == sql::backend::sqlite) on_.reset();
  return false;
}

}  // namespace spidergate::ledger
