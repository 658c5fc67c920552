"""1000 Genomes, Europeans: genotypes at common SNPs of chromosome 2."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.data.archives import arrays
from confide.data.card import Card
from confide.data.genotypes_like import GenotypesLike
from confide.data.locating import File, locate
from confide.views.frequencies import Genotypes

PACKED = File(path="genotype/kg_eur_chr2.npz")
PEOPLE, SNPS = 503, 10_025
CARD = Card(
    name="genomes1000",
    title="1000 Genomes phase 3, Europeans, chromosome 2",
    people="adults from Utah, Finland, Great Britain, Spain and Tuscany, who consented to publication",
    records=PEOPLE,
    shape=(SNPS,),
    features="copies of one allele at 10,025 SNPs with a minor allele share of at least .05; .1 % missing",
    task="none: frequencies in a pool are published",
    classes=(),
    terms="open, without embargo; cite the project",
    redistribution=False,
    source="https://www.internationalgenome.org/data",
    get="Take the 503 European samples of chromosome 2, thin the SNPs to 10,025, and save the copies of one "
    "allele as int8 G [503, 10025] (missing: -1) of an npz.",
    harm="a genotype names its bearer and their family, and tells illnesses",
    citation="The 1000 Genomes Project Consortium: A global reference for human genetic variation, "
    "Nature 526, 2015",
    note="Neighbouring SNPs have a mean r² of .014, so that they are nearly independent.",
)


def load() -> Genotypes:
    """Load the genotypes from this machine.

    Raises:
        DataError: if the file is not there, or is another one.
    """
    path = locate(PACKED, get=CARD.get)
    (copies,) = arrays(path, "G")
    if copies.shape != (PEOPLE, SNPS):
        raise DataError(f"{path} has genotypes of shape {copies.shape}, not {(PEOPLE, SNPS)}: get it again.")
    return Genotypes(copies=copies)


def twin(n: int, *, rng: Rng) -> Genotypes:
    """Make n synthetic people of this shape: five populations that are hardly apart.

    >>> import numpy as np
    >>> twin(3, rng=np.random.default_rng(0)).copies.shape
    (3, 10025)
    """
    made = GenotypesLike(people=max(n, 1), snps=SNPS, populations=5, fst=0.005)(rng=rng)
    return made.take(np.arange(n))
