"""What presidio's kinds of entities are called in a report, and which of them name no person."""

from __future__ import annotations

COUNTRIES = {
    "AU": "Australia",
    "CA": "Canada",
    "DE": "Germany",
    "ES": "Spain",
    "FI": "Finland",
    "IN": "India",
    "IT": "Italy",
    "KR": "Korea",
    "NG": "Nigeria",
    "PH": "the Philippines",
    "PL": "Poland",
    "SE": "Sweden",
    "SG": "Singapore",
    "TH": "Thailand",
    "TR": "Turkey",
    "UK": "the UK",
    "US": "the US",
    "ZA": "South Africa",
}

LEFT_OUT = {
    # Dates and places on their own are what others may know, and no direct identifiers.
    *("DATE_TIME", "CA_POSTAL_CODE", "DE_PLZ", "UK_POSTCODE"),
    # Any two words with a point between them can be a link; those with https:// are found anyway.
    "URL",
    # Firms, banks and practices.
    *("ABA_ROUTING_NUMBER", "AU_ABN", "AU_ACN", "DE_BSNR", "DE_HANDELSREGISTER", "DE_VAT_ID", "IN_GSTIN"),
    *("IT_VAT_CODE", "KR_BRN", "SE_ORGANISATIONSNUMMER", "SG_UEN", "US_PROVIDER_TAX_ID"),
    *("ZA_COMPANY_REGISTRATION", "ZA_VAT_NUMBER"),
}
"""Kinds that are not searched for."""

PROVE_LITTLE = {
    *("PHONE_NUMBER", "DE_TAX_NUMBER", "KR_DRIVER_LICENSE", "ZA_INCOME_TAX_NUMBER"),
    "ZA_TRAFFIC_REGISTER_NUMBER",
}
"""Kinds that more than one in ten random numbers of some length are: bare digits need a word beside them."""

PLATES = {
    *("DE_KFZ", "IN_VEHICLE_REGISTRATION", "NG_VEHICLE_REGISTRATION", "TR_LICENSE_PLATE"),
    *("UK_VEHICLE_REGISTRATION", "ZA_LICENSE_PLATE"),
}
"""Number plates, which a dose such as 20 mg can look like: they always need a word beside them."""

WORDS = {
    "AADHAAR": "an Aadhaar number",
    "CREDIT_CARD": "a number of a payment card",
    "CRYPTO": "an address of a crypto wallet",
    "DRIVER_LICENSE": "a driving licence",
    "EMAIL_ADDRESS": "an e-mail address",
    "FISCAL_CODE": "a tax code",
    "FUEHRERSCHEIN": "a driving licence",
    "HEALTH_INSURANCE": "a number of a health insurance",
    "HEALTH_INSURANCE_MEMBER_ID": "a number of a health insurance",
    "IBAN_CODE": "an IBAN",
    "ID_CARD": "an identity card",
    "ID_NUMBER": "an identity number",
    "IP_ADDRESS": "an IP address",
    "ITIN": "a taxpayer number (ITIN)",
    "KFZ": "a number plate",
    "LANR": "a doctor's number (LANR)",
    "LICENSE_PLATE": "a number plate",
    "MAC_ADDRESS": "a hardware address",
    "MBI": "a Medicare number (MBI)",
    "MEDICAL_LICENSE": "a doctor's licence of the US",
    "MEDICARE": "a Medicare number",
    "NHS": "an NHS number",
    "NIE": "an identity number (NIE)",
    "NIF": "an identity number",
    "NIN": "an identity number",
    "NINO": "a national insurance number",
    "NPI": "a doctor's number (NPI)",
    "PAN": "a tax number (PAN)",
    "PASSPORT": "a passport",
    "PERSONNUMMER": "a personal identity number",
    "PESEL": "a PESEL",
    "PHONE_NUMBER": "a telephone number",
    "SIN": "a social insurance number",
    "SSN": "a social security number",
    "TAX_ID": "a tax number",
    "TFN": "a tax file number",
    "TNIN": "an identity number",
    "UUID": "a universally unique id",
    "VEHICLE_REGISTRATION": "a number plate",
}


def kind_of(entity: str) -> str:
    """The words for one of presidio's entities, with an article; a new one of presidio's is named as it is.

    >>> kind_of("US_SSN"), kind_of("EMAIL_ADDRESS"), kind_of("FI_PERSONAL_IDENTITY_CODE")
    ('a social security number of the US', 'an e-mail address', 'a personal identity code of Finland')
    """
    head, _, rest = entity.partition("_")
    country = COUNTRIES.get(head) if rest else None
    words = rest if country else entity
    plain = words.lower().replace("_", " ")
    called = WORDS.get(words, f"{'an' if plain[:1] in tuple('aeio') else 'a'} {plain}")
    return f"{called} of {country}" if country else called
