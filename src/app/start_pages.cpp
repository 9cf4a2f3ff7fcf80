#include "start_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <link.h>
#include <span>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

namespace spidergate::app {

namespace {

bool has_text_relocations(const dl_phdr_info& object) noexcept {
  for (const auto& part : std::span(object.dlpi_phdr, object.dlpi_phnum)) {
    if (part.p_type != PT_DYNAMIC) continue;
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + part.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
        return true;
    }
  }
  return false;
}

/// Only what nobody can have written to: the file has the same bytes.
int let_go_of(dl_phdr_info* object, std::size_t /*size*/, void* /*context*/) noexcept {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const bool of_the_kernel = object->dlpi_addr != 0 && object->dlpi_addr == ::getauxval(AT_SYSINFO_EHDR);
  if (of_the_kernel || has_text_relocations(*object)) return 0;
  for (const auto& part : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const auto begin = (object->dlpi_addr + part.p_vaddr) / page * page;
    const auto end = (object->dlpi_addr + part.p_vaddr + part.p_memsz) / page * page;
    // Where it fails the pages stay, which is no harm.
    if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void let_go_of_start_pages() noexcept {
  ::dl_iterate_phdr(let_go_of, nullptr);
}

}  // namespace spidergate::app
