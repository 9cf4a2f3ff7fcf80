#include "charge_list.hpp"

#include <algorithm>
#include <cassert>

namespace spidergate::limits {

void charge_list::add(std::string_view what, std::string_view owner, kv::charge charge) noexcept {
  assert(size_ < capacity && owner.size() <= longest_owner && what.size() < 8);
  auto& name = names_[size_];
  auto end = std::copy(what.begin(), what.end(), name.begin());
  *end++ = ':';
  end = std::copy_n(owner.begin(), std::min(owner.size(), longest_owner), end);
  charge.key = {name.data(), static_cast<std::size_t>(end - name.begin())};
  charges_[size_] = charge;
  whats_[size_] = what;
  ++size_;
}

const kv::charge* charge_list::find(std::string_view what) const noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    if (whats_[i] == what) return &charges_[i];
  }
  return nullptr;
}

}  // namespace spidergate::limits
