#include "overlay.hpp"

#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/ascii.hpp>

#include <algorithm>

namespace spidergate::catalogue {
namespace {

std::string_view last_segment(std::string_view id) noexcept {
  const auto slash = id.rfind('/');
  return slash == std::string_view::npos ? id : id.substr(slash + 1);
}

template <class T, class Key>
const T* find_by(const std::vector<T>& sorted, std::string_view wanted, Key key) noexcept {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), wanted,
                                   [key](const T& item, std::string_view name) { return item.*key < name; });
  return at != sorted.end() && (*at).*key == wanted ? &*at : nullptr;
}

template <class T>
void sort_by(std::vector<T>& items, std::string T::* key) {
  std::sort(items.begin(), items.end(), [key](const T& a, const T& b) { return a.*key < b.*key; });
}

}  // namespace

const provider& provider::in_dialect(std::string_view wanted) const noexcept {
  if (wanted.empty() || wanted == dialect) return *this;
  const auto at =
      std::find_if(variants.begin(), variants.end(), [wanted](const provider& v) { return v.dialect == wanted; });
  return at == variants.end() ? *this : *at;
}

std::string_view provider::trait(std::string_view wanted) const noexcept {
  const auto found = std::find_if(traits.begin(), traits.end(), [&](const auto& t) { return t.first == wanted; });
  return found == traits.end() ? std::string_view() : std::string_view(found->second);
}

bool provider::has_endpoint(std::string_view wanted) const noexcept {
  return endpoints.empty() || std::find(endpoints.begin(), endpoints.end(), wanted) != endpoints.end();
}

constinit const model::price shared_price::nothing_known;

/// Everything is sorted, so that looking up is a binary search and building needs no hash tables of strings.
struct catalogue::impl {
  struct listing {
    std::string_view name;  ///< of the entry: its id, or the last segment of it in lower case
    const model_entry* entry;
    int priority;
  };

  explicit impl(tables from) : data(std::move(from)) {
    sort_by(data.aliases, &alias_entry::name);
    sort_by(data.synonyms, &synonym::name);
    std::vector<listing> listings;
    listings.reserve(data.models.size());
    const provider* owner = nullptr;
    for (const auto& entry : data.models) {
      if (owner == nullptr || owner->id != entry.provider) owner = find_sorted(data.providers, entry.provider);
      listings.push_back({entry.id, &entry, owner == nullptr ? 0 : owner->priority});
    }
    sort(listings);
    by_id.reserve(listings.size());
    for (const auto& [name, entry, priority] : listings) by_id.push_back(entry);

    std::vector<std::string> lowered;  // only while they are sorted
    lowered.reserve(listings.size());
    for (auto& listing : listings) listing.name = lowered.emplace_back(to_lower(last_segment(listing.entry->id)));
    sort(listings);
    by_segment.reserve(listings.size());
    for (const auto& [name, entry, priority] : listings) by_segment.push_back(entry);
  }

  static void sort(std::vector<listing>& listings) {
    std::sort(listings.begin(), listings.end(), [](const listing& a, const listing& b) {
      if (const int order = a.name.compare(b.name); order != 0) return order < 0;
      if (a.priority != b.priority) return a.priority > b.priority;
      if (a.entry->deprecated != b.entry->deprecated) return b.entry->deprecated;
      return by_provider_and_id(*a.entry, *b.entry);
    });
  }

  tables data;
  std::vector<const model_entry*> by_id;       ///< by id, then preference
  std::vector<const model_entry*> by_segment;  ///< by the last segment of the id in lower case, then preference
};

catalogue::catalogue() = default;
catalogue::~catalogue() = default;

boost::system::result<std::shared_ptr<const catalogue>, std::string> catalogue::build(const overlay& changes) {
  auto data = read_builtin();
  if (!std::is_sorted(data.models.begin(), data.models.end(), by_provider_and_id))
    std::sort(data.models.begin(), data.models.end(), by_provider_and_id);
  sort_by(data.providers, &provider::id);
  if (auto wrong = apply(changes, data)) return *std::move(wrong);
  if (auto wrong = flatten_aliases(data)) return *std::move(wrong);

  std::shared_ptr<catalogue> made(new catalogue);
  made->impl_ = std::make_unique<impl>(std::move(data));
  return std::shared_ptr<const catalogue>(std::move(made));
}

std::shared_ptr<const catalogue> catalogue::with_discovered(const catalogue& base, std::vector<model_entry> found) {
  auto data = base.impl_->data;
  for (auto& entry : found) {
    if (base.find_provider(entry.provider) == nullptr || base.find_model(entry.provider, entry.id) != nullptr) continue;
    entry.discovered = true;
    data.models.push_back(std::move(entry));
  }
  std::sort(data.models.begin(), data.models.end(), by_provider_and_id);
  std::shared_ptr<catalogue> made(new catalogue);
  made->impl_ = std::make_unique<impl>(std::move(data));
  return made;
}

const provider* catalogue::find_provider(std::string_view id) const noexcept {
  return find_by(impl_->data.providers, id, &provider::id);
}

const model_entry* catalogue::find_model(std::string_view provider, std::string_view model) const noexcept {
  const auto& models = impl_->data.models;
  const auto at =
      std::lower_bound(models.begin(), models.end(), model, [provider](const model_entry& entry, std::string_view id) {
        const int order = std::string_view{entry.provider}.compare(provider);
        return order != 0 ? order < 0 : entry.id < id;
      });
  return at != models.end() && at->provider == provider && at->id == model ? &*at : nullptr;
}

std::span<const model_entry* const> catalogue::models_named(std::string_view bare) const noexcept {
  const auto& listed = impl_->by_id;
  const auto first = std::lower_bound(listed.begin(), listed.end(), bare,
                                      [](const model_entry* entry, std::string_view id) { return entry->id < id; });
  auto last = first;
  while (last != listed.end() && (*last)->id == bare) ++last;
  return {first, last};
}

std::vector<const model_entry*> catalogue::models_ending_in(std::string_view name) const {
  const auto wanted = to_lower(name);
  const auto& listed = impl_->by_segment;
  std::vector<const model_entry*> found;
  for (auto at = std::lower_bound(listed.begin(), listed.end(), std::string_view{wanted},
                                  [](const model_entry* entry, std::string_view segment) {
                                    return to_lower(last_segment(entry->id)) < segment;
                                  });
       at != listed.end() && to_lower(last_segment((*at)->id)) == wanted; ++at)
    found.push_back(*at);
  return found;
}

const alias_entry* catalogue::find_alias(std::string_view name) const noexcept {
  return find_by(impl_->data.aliases, name, &alias_entry::name);
}

std::optional<std::string_view> catalogue::find_synonym(std::string_view name) const noexcept {
  const auto* found = find_by(impl_->data.synonyms, name, &synonym::name);
  if (found == nullptr) return std::nullopt;
  return found->target;
}

std::span<const provider> catalogue::providers() const noexcept {
  return impl_->data.providers;
}
std::span<const model_entry> catalogue::models() const noexcept {
  return impl_->data.models;
}
std::span<const alias_entry> catalogue::aliases() const noexcept {
  return impl_->data.aliases;
}
std::span<const rule> catalogue::config_rules() const noexcept {
  return impl_->data.rules;
}
std::span<const rule> catalogue::builtin_patterns() const noexcept {
  return impl_->data.patterns;
}

}  // namespace spidergate::catalogue
