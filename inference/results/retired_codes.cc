#include "inference/results/retired_codes.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/cmr/cid4020.h>
#include <dcmtk/dcmsr/cmr/cid4021.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "inference/results/result_run.h"

namespace axial::results {
namespace {

struct RetiredCode {
  std::string_view retired;
  const char* snomed_ct;
  const char* meaning;  ///< as PS3.16 gives it
};

// Members of CID 4010, 4014 (views), 4020, 4021 (PET) and 4031 (anatomic regions) by their codes in
// SNOMED RT, which PS3.16 retired in 2019; sorted. Y-X1743 is older: GE's PET scanners write it.
// clang-format off
constexpr std::array kRetiredCodes = {
    RetiredCode{"C-1018C", "424875009", "^14^Oxygen"},
    RetiredCode{"C-105A1", "40565003", "^11^Carbon"},
    RetiredCode{"C-107A1", "21576001", "^13^Nitrogen"},
    RetiredCode{"C-111A1", "77004003", "^18^Fluorine"},
    RetiredCode{"C-113A1", "17910003", "^75^Bromine"},
    RetiredCode{"C-113A2", "79523006", "^76^Bromine"},
    RetiredCode{"C-113A3", "86521004", "^77^Bromine"},
    RetiredCode{"C-114A5", "40937006", "^124^Iodine"},
    RetiredCode{"C-115A2", "2705002", "^72^Arsenic"},
    RetiredCode{"C-116A2", "87437000", "^73^Selenium"},
    RetiredCode{"C-127A1", "71425003", "^61^Copper"},
    RetiredCode{"C-127A2", "3932008", "^64^Copper"},
    RetiredCode{"C-127A4", "425364008", "^60^Copper"},
    RetiredCode{"C-127A5", "422934004", "^62^Copper"},
    RetiredCode{"C-128A2", "53315004", "^68^Germanium"},
    RetiredCode{"C-130A1", "69089000", "^52^Iron"},
    RetiredCode{"C-131A1", "79477007", "^66^Gallium"},
    RetiredCode{"C-131A3", "35337001", "^68^Gallium"},
    RetiredCode{"C-135A4", "423764008", "^38^Potassium"},
    RetiredCode{"C-141A1", "65054007", "^62^Zinc"},
    RetiredCode{"C-149A1", "37225000", "^52^Manganese"},
    RetiredCode{"C-155A1", "71633006", "^22^Sodium"},
    RetiredCode{"C-159A2", "79197006", "^82^Rubidium"},
    RetiredCode{"C-162A3", "10738001", "^86^Yttrium"},
    RetiredCode{"C-162A7", "14691008", "^90^Yttrium"},
    RetiredCode{"C-163AA", "424079002", "^94m^Technetium"},
    RetiredCode{"C-166A2", "75696008", "^45^Titanium"},
    RetiredCode{"C-168A4", "63360001", "^89^Zirconium"},
    RetiredCode{"C-B07DB", "422855001", "ATSM Cu^64^"},
    RetiredCode{"C-B07DC", "422540000", "Butanol O^15^"},
    RetiredCode{"C-B07DD", "423498000", "EDTA Ga^68^"},
    RetiredCode{"C-B07DE", "423543007", "Flumazenil C^11^"},
    RetiredCode{"C-B07DF", "422975006", "Flumazenil F^18^"},
    RetiredCode{"C-B07E0", "424708001", "Fluorethyltyrosin F^18^"},
    RetiredCode{"C-B07E1", "422598008", "Fluoromisonidazole F^18^"},
    RetiredCode{"C-B07E2", "422763008", "Fluoromethane F^18^"},
    RetiredCode{"C-B07E3", "425236000", "Fluorouracil F^18^"},
    RetiredCode{"C-B07E4", "423546004", "Fluorobenzothiazole F^18^"},
    RetiredCode{"C-B07E5", "424789007", "Mespiperone C^11^"},
    RetiredCode{"C-B07E6", "424874008", "Monoclonal antibody I^124^"},
    RetiredCode{"C-B07E7", "422789008", "PTSM Cu^62^"},
    RetiredCode{"C-B07E8", "422980002", "Sodium iodide I^124^"},
    RetiredCode{"C-B1031", "35321007", "Fluorodeoxyglucose F^18^"},
    RetiredCode{"C-B1032", "129501009", "Sodium fluoride F^18^"},
    RetiredCode{"C-B1033", "129499001", "Spiperone F^18^"},
    RetiredCode{"C-B1034", "129500005", "Fluoro-L-dopa F^18^"},
    RetiredCode{"C-B1036", "129502002", "Thymidine (FLT) F^18^"},
    RetiredCode{"C-B1037", "129503007", "Rubidium chloride Rb^82^"},
    RetiredCode{"C-B1038", "129504001", "^15^Oxygen"},
    RetiredCode{"C-B1039", "129505000", "Oxygen-water O^15^"},
    RetiredCode{"C-B103A", "129506004", "Carbon monoxide O^15^"},
    RetiredCode{"C-B103B", "129507008", "Carbon dioxide O^15^"},
    RetiredCode{"C-B103C", "129508003", "Ammonia N^13^"},
    RetiredCode{"C-B103D", "129509006", "Glutamate N^13^"},
    RetiredCode{"C-B103E", "129510001", "Methionine C^11^"},
    RetiredCode{"C-B103F", "129511002", "Carfentanil C^11^"},
    RetiredCode{"C-B1042", "129512009", "Raclopride C^11^"},
    RetiredCode{"C-B1043", "129513004", "Acetate C^11^"},
    RetiredCode{"C-B1044", "129514005", "Palmitate C^11^"},
    RetiredCode{"C-B1045", "129515006", "Carbon monoxide C^11^"},
    RetiredCode{"C-B1046", "129516007", "Germanium Ge^68^"},
    RetiredCode{"C-B1047", "129517003", "Sodium Na^22^"},
    RetiredCode{"C-D6858", "712736002", "Florbetaben F^18^"},
    RetiredCode{"C-E0265", "456999006", "Fluciclatide F^18^"},
    RetiredCode{"C-E0267", "456997008", "Flutemetamol F^18^"},
    RetiredCode{"C-E0269", "456995000", "Florbetapir F^18^"},
    RetiredCode{"C-E026A", "457000009", "Fluciclovine F^18^"},
    RetiredCode{"C-E0273", "456992002", "Fluorocholine F^18^"},
    RetiredCode{"G-8300", "119376003", "tissue specimen"},
    RetiredCode{"G-8310", "127457009", "tissue specimen from breast"},
    RetiredCode{"G-A145", "30730003", "sagittal"},
    RetiredCode{"R-10202", "399033003", "frontal"},
    RetiredCode{"R-10204", "399160007", "frontal oblique"},
    RetiredCode{"R-10206", "399348003", "antero-posterior"},
    RetiredCode{"R-10208", "399312000", "antero-posterior oblique"},
    RetiredCode{"R-10210", "399038007", "right posterior oblique"},
    RetiredCode{"R-10212", "399006002", "left posterior oblique"},
    RetiredCode{"R-10216", "399059000", "postero-anterior oblique"},
    RetiredCode{"R-10220", "399135007", "left anterior oblique"},
    RetiredCode{"R-10224", "399260004", "medio-lateral"},
    RetiredCode{"R-10226", "399368009", "medio-lateral oblique"},
    RetiredCode{"R-10228", "399352003", "latero-medial"},
    RetiredCode{"R-10230", "399099002", "latero-medial oblique"},
    RetiredCode{"R-10232", "399198007", "right lateral"},
    RetiredCode{"R-10234", "399236003", "right oblique"},
    RetiredCode{"R-10236", "399173006", "left lateral"},
    RetiredCode{"R-10238", "399184004", "left oblique"},
    RetiredCode{"R-10241", "399061009", "axial"},
    RetiredCode{"R-10242", "399162004", "cranio-caudal"},
    RetiredCode{"R-10244", "399196006", "caudo-cranial"},
    RetiredCode{"R-10246", "399004004", "oblique axial"},
    RetiredCode{"R-10248", "399288005", "oblique cranio-caudal"},
    RetiredCode{"R-1024A", "399192008", "cranio-caudal exaggerated laterally"},
    RetiredCode{"R-1024B", "399101009", "cranio-caudal exaggerated medially"},
    RetiredCode{"R-10250", "399225005", "oblique caudo-cranial"},
    RetiredCode{"R-10252", "399132005", "frontal-oblique axial"},
    RetiredCode{"R-10254", "399325008", "sagittal-oblique axial"},
    RetiredCode{"R-10256", "399255003", "submentovertical"},
    RetiredCode{"R-10257", "399360002", "verticosubmental"},
    RetiredCode{"R-102C1", "399182000", "oblique"},
    RetiredCode{"R-102C2", "399110001", "tangential"},
    RetiredCode{"R-102C3", "399071006", "plantodorsal"},
    RetiredCode{"R-102C4", "399335002", "dorsoplantar"},
    RetiredCode{"R-102C5", "399272005", "parietoacanthial"},
    RetiredCode{"R-102C6", "399242004", "acanthioparietal"},
    RetiredCode{"R-102C7", "399351005", "orbitoparietal"},
    RetiredCode{"R-102C8", "399316002", "parieto-orbital"},
    RetiredCode{"R-102CD", "399067008", "lateral"},
    RetiredCode{"R-102D0", "399188001", "superolateral to inferomedial oblique"},
    RetiredCode{"R-40782", "260426006", "medial oblique"},
    RetiredCode{"R-40783", "260427002", "lateral oblique"},
    RetiredCode{"R-40810", "260499007", "Occlusal projection"},
    RetiredCode{"R-40888", "272479007", "postero-anterior"},
    RetiredCode{"R-40985", "399356000", "right anterior oblique"},
    RetiredCode{"R-40AAA", "441555000", "inferomedial to superolateral oblique"},
    RetiredCode{"R-FAB52", "417437006", "Neck and Chest"},
    RetiredCode{"R-FAB53", "416152001", "Neck, Chest and Abdomen"},
    RetiredCode{"R-FAB54", "416319003", "Neck, Chest, Abdomen and Pelvis"},
    RetiredCode{"R-FAB55", "416550000", "Chest and Abdomen"},
    RetiredCode{"R-FAB56", "416775004", "Chest, Abdomen and Pelvis"},
    RetiredCode{"R-FAB57", "416949008", "Abdomen and Pelvis"},
    RetiredCode{"R-FAB58", "416631005", "Pelvis and lower extremities"},
    RetiredCode{"T-04000", "76752008", "Breast"},
    RetiredCode{"T-11011", "110517009", "Vertebral column and cranium"},
    RetiredCode{"T-11100", "89546000", "Skull"},
    RetiredCode{"T-11102", "55024004", "Optic canal"},
    RetiredCode{"T-11133", "59066005", "Mastoid bone"},
    RetiredCode{"T-11149", "74386004", "Nasal bone"},
    RetiredCode{"T-11166", "13881006", "Zygoma"},
    RetiredCode{"T-11170", "70925003", "Maxilla"},
    RetiredCode{"T-11180", "91609006", "Mandible"},
    RetiredCode{"T-11196", "91397008", "Facial bones"},
    RetiredCode{"T-11210", "56873002", "Sternum"},
    RetiredCode{"T-11300", "113197003", "Rib"},
    RetiredCode{"T-11501", "122494005", "Cervical spine"},
    RetiredCode{"T-11502", "122495006", "Thoracic spine"},
    RetiredCode{"T-11503", "122496007", "Lumbar spine"},
    RetiredCode{"T-11AD0", "54735007", "Sacrum"},
    RetiredCode{"T-11BF0", "64688005", "Coccyx"},
    RetiredCode{"T-12280", "79601000", "Scapula"},
    RetiredCode{"T-12310", "51299004", "Clavicle"},
    RetiredCode{"T-12340", "22356005", "Ilium"},
    RetiredCode{"T-12410", "85050009", "Humerus"},
    RetiredCode{"T-12700", "72001000", "Bone of lower limb"},
    RetiredCode{"T-12710", "71341001", "Femur"},
    RetiredCode{"T-12730", "64234005", "Patella"},
    RetiredCode{"T-12750", "87342007", "Fibula"},
    RetiredCode{"T-12770", "80144004", "Calcaneus"},
    RetiredCode{"T-12980", "58742003", "Sesamoid bones of foot"},
    RetiredCode{"T-13600", "30608006", "Muscle of upper limb"},
    RetiredCode{"T-14668", "102292000", "Muscle of lower limb"},
    RetiredCode{"T-15290", "53620006", "Temporomandibular joint"},
    RetiredCode{"T-15420", "85856004", "Acromioclavicular joint"},
    RetiredCode{"T-15430", "16953009", "Elbow joint"},
    RetiredCode{"T-15460", "74670003", "Wrist joint"},
    RetiredCode{"T-15610", "7844006", "Sternoclavicular joint"},
    RetiredCode{"T-15680", "39723000", "Sacroiliac joint"},
    RetiredCode{"T-15710", "24136001", "Hip Joint"},
    RetiredCode{"T-15750", "70258002", "Ankle joint"},
    RetiredCode{"T-15770", "27949001", "Tarsal joint"},
    RetiredCode{"T-22000", "2095001", "Paranasal sinus"},
    RetiredCode{"T-24100", "4596009", "Larynx"},
    RetiredCode{"T-25000", "44567001", "Trachea"},
    RetiredCode{"T-26000", "955009", "Bronchus"},
    RetiredCode{"T-280A0", "86598002", "Apex of Lung"},
    RetiredCode{"T-32000", "80891009", "Heart"},
    RetiredCode{"T-56000", "32849002", "Esophagus"},
    RetiredCode{"T-57000", "69695003", "Stomach"},
    RetiredCode{"T-58000", "30315005", "Small intestine"},
    RetiredCode{"T-58200", "38848004", "Duodenum"},
    RetiredCode{"T-58400", "21306003", "Jejunum"},
    RetiredCode{"T-58600", "34516001", "Ileum"},
    RetiredCode{"T-59000", "14742008", "Large intestine"},
    RetiredCode{"T-59300", "71854001", "Colon"},
    RetiredCode{"T-59600", "34402009", "Rectum"},
    RetiredCode{"T-59900", "53505006", "Anus"},
    RetiredCode{"T-60610", "28273000", "Bile duct"},
    RetiredCode{"T-61100", "45289007", "Parotid gland"},
    RetiredCode{"T-61300", "54019009", "Submandibular gland"},
    RetiredCode{"T-63000", "28231008", "Gallbladder"},
    RetiredCode{"T-65000", "15776009", "Pancreas"},
    RetiredCode{"T-65010", "69930009", "Pancreatic duct"},
    RetiredCode{"T-65600", "110621006", "Pancreatic duct and bile duct systems"},
    RetiredCode{"T-7000B", "431491007", "Upper urinary tract"},
    RetiredCode{"T-73000", "87953007", "Ureter"},
    RetiredCode{"T-74000", "89837001", "Bladder"},
    RetiredCode{"T-75000", "13648007", "Urethra"},
    RetiredCode{"T-88920", "110639002", "Uterus and fallopian tubes"},
    RetiredCode{"T-92000", "41216001", "Prostate"},
    RetiredCode{"T-AA000", "81745001", "Eye"},
    RetiredCode{"T-AB959", "361078006", "Internal Auditory Canal"},
    RetiredCode{"T-D0010", "38266002", "Entire body"},
    RetiredCode{"T-D00F7", "297171002", "Cervico-thoracic spine"},
    RetiredCode{"T-D00F8", "297172009", "Thoraco-lumbar spine"},
    RetiredCode{"T-D00F9", "297173004", "Lumbo-sacral spine"},
    RetiredCode{"T-D00FA", "297174005", "Sacro-coccygeal Spine"},
    RetiredCode{"T-D0300", "66019005", "Extremity"},
    RetiredCode{"T-D04FF", "421060004", "Spine"},
    RetiredCode{"T-D0801", "371398005", "Eye region"},
    RetiredCode{"T-D0821", "371195002", "Bone of upper limb"},
    RetiredCode{"T-D1000", "774007", "Head and Neck"},
    RetiredCode{"T-D1100", "69536005", "Head"},
    RetiredCode{"T-D1213", "661005", "Jaw region"},
    RetiredCode{"T-D1460", "42575006", "Sella turcica"},
    RetiredCode{"T-D14AE", "363654007", "Orbital structure"},
    RetiredCode{"T-D1600", "45048000", "Neck"},
    RetiredCode{"T-D2220", "16982005", "Shoulder"},
    RetiredCode{"T-D2500", "29836001", "Hip"},
    RetiredCode{"T-D3000", "51185008", "Chest"},
    RetiredCode{"T-D3300", "72410000", "Mediastinum"},
    RetiredCode{"T-D4000", "113345001", "Abdomen"},
    RetiredCode{"T-D6000", "12921003", "Pelvis"},
    RetiredCode{"T-D8000", "53120007", "Upper limb"},
    RetiredCode{"T-D8200", "40983000", "Upper arm"},
    RetiredCode{"T-D8500", "14975008", "Forearm"},
    RetiredCode{"T-D8700", "85562004", "Hand"},
    RetiredCode{"T-D8800", "7569003", "Finger"},
    RetiredCode{"T-D8810", "76505004", "Thumb"},
    RetiredCode{"T-D9000", "61685007", "Lower limb"},
    RetiredCode{"T-D9100", "68367000", "Thigh"},
    RetiredCode{"T-D9200", "72696002", "Knee"},
    RetiredCode{"T-D9400", "30021000", "Lower leg"},
    RetiredCode{"T-D9700", "56459004", "Foot"},
    RetiredCode{"T-D9800", "29707007", "Toe"},
    RetiredCode{"T-DD163", "110861005", "Esophagus, stomach and duodenum"},
    RetiredCode{"Y-X1743", "35321007", "Fluorodeoxyglucose F^18^"},
};
// clang-format on
static_assert(std::is_sorted(kRetiredCodes.begin(), kRetiredCodes.end(),
                             [](const RetiredCode& one, const RetiredCode& other) {
                               return one.retired < other.retired;
                             }));

/// SNOMED RT under each name that it was given.
bool IsRetiredScheme(const std::string& designator) {
  return designator == "SRT" || designator == "SNM3" || designator == "99SDM";
}

/// False when the code is retired and nothing is known in its place.
bool Renew(DcmItem& code) {
  if (!IsRetiredScheme(TextOf(code, DCM_CodingSchemeDesignator))) return true;
  const std::string value = TextOf(code, DCM_CodeValue);
  const auto found = std::lower_bound(
      kRetiredCodes.begin(), kRetiredCodes.end(), value,
      [](const RetiredCode& one, const std::string& wanted) { return one.retired < wanted; });
  if (found == kRetiredCodes.end() || found->retired != value) return false;
  code.putAndInsertString(DCM_CodeValue, found->snomed_ct);
  code.putAndInsertString(DCM_CodingSchemeDesignator, "SCT");
  code.putAndInsertString(DCM_CodeMeaning, found->meaning);
  code.findAndDeleteElement(DCM_CodingSchemeVersion);
  return true;
}

bool IsMember(const DSRContextGroup& group, DcmItem& code) {
  return group.hasCodedEntry({TextOf(code, DCM_CodeValue).c_str(),
                              TextOf(code, DCM_CodingSchemeDesignator).c_str(),
                              TextOf(code, DCM_CodeMeaning).c_str()});
}

/// Renews the code that `attribute` of `item` has; removes the attribute when that is not possible,
/// or not in `group` (may be null).
void RenewAttribute(DcmItem& item, const DcmTagKey& attribute, const DSRContextGroup* group) {
  DcmItem* code = nullptr;
  if (item.findAndGetSequenceItem(attribute, code, 0).bad()) return;
  if (!Renew(*code) || (group != nullptr && !IsMember(*group, *code)))
    item.findAndDeleteElement(attribute);
}

}  // namespace

void RenewCodes(DcmItem& header) {
  RenewAttribute(header, DCM_AnatomicRegionSequence, nullptr);
  RenewAttribute(header, DCM_ViewCodeSequence, nullptr);
  DcmItem* tracer = nullptr;
  if (header.findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, tracer, 0).bad())
    return;
  const CMR_CID4020 radionuclides;
  const CMR_CID4021 radiopharmaceuticals;
  RenewAttribute(*tracer, DCM_RadionuclideCodeSequence, &radionuclides);
  RenewAttribute(*tracer, DCM_RadiopharmaceuticalCodeSequence, &radiopharmaceuticals);
}

}  // namespace axial::results
