#include "routing/value_class.h"

#include <array>

namespace axial::routing {
namespace {

struct VrClass {
  std::string_view vr;
  ValueClass value_class;
};

constexpr std::array kClasses = {
    VrClass{"DS", ValueClass::kNumber},   VrClass{"IS", ValueClass::kNumber},
    VrClass{"FL", ValueClass::kNumber},   VrClass{"FD", ValueClass::kNumber},
    VrClass{"US", ValueClass::kNumber},   VrClass{"SS", ValueClass::kNumber},
    VrClass{"UL", ValueClass::kNumber},   VrClass{"SL", ValueClass::kNumber},
    VrClass{"UV", ValueClass::kNumber},   VrClass{"SV", ValueClass::kNumber},
    VrClass{"DA", ValueClass::kDate},     VrClass{"TM", ValueClass::kTime},
    VrClass{"DT", ValueClass::kDateTime}, VrClass{"AS", ValueClass::kAge},
    VrClass{"UI", ValueClass::kUid},      VrClass{"AE", ValueClass::kText},
    VrClass{"CS", ValueClass::kText},     VrClass{"LO", ValueClass::kText},
    VrClass{"LT", ValueClass::kText},     VrClass{"PN", ValueClass::kText},
    VrClass{"SH", ValueClass::kText},     VrClass{"ST", ValueClass::kText},
    VrClass{"UC", ValueClass::kText},     VrClass{"UR", ValueClass::kText},
    VrClass{"UT", ValueClass::kText},
};

}  // namespace

std::optional<ValueClass> ClassOfVr(std::string_view vr) {
  for (const VrClass& entry : kClasses)
    if (entry.vr == vr) return entry.value_class;
  return std::nullopt;
}

bool IsOrdered(ValueClass value_class) {
  return value_class != ValueClass::kUid && value_class != ValueClass::kText;
}

std::string_view NameOf(ValueClass value_class) {
  switch (value_class) {
    case ValueClass::kNumber:
      return "a number";
    case ValueClass::kDate:
      return "a date";
    case ValueClass::kTime:
      return "a time";
    case ValueClass::kDateTime:
      return "a date and time";
    case ValueClass::kAge:
      return "an age";
    case ValueClass::kUid:
      return "a UID";
    case ValueClass::kText:
      return "text";
  }
  return "text";
}

}  // namespace axial::routing
