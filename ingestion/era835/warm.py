"""Compiles what the first remittance on a machine would wait for (`python -m ingestion.era835.warm`; make does it)."""

from __future__ import annotations

from ingestion.era835.binary_copy import encoded
from ingestion.era835.columns import TABLES
from ingestion.era835.remittances import parse, read

_EVERY_TABLE = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260101*0000*^*00501*000000001*0*P*:~"
    "GS*HP*S*R*20260101*0000*1*X*005010X221A1~ST*835*0001~BPR*I*9.00*C*ACH************20260101~TRN*1*T*1~CUR*PR*USD~"
    "N1*PR*PAYER*XV*1~N1*PE*PAYEE*XX*1~REF*2U*1~LX*1~CLP*A*1*10.00*10.00**12*N*10*1~MOA***MA01~DTM*232*20260101~"
    "AMT*I*1.00~QTY*CA*1~SVC*HC:1:95:GT*10.00*10.00**1~DTM*472*20260101~REF*6R*L~LQ*HE*N1~CLP*A*22*-10.00*-10.00**12*N~"
    "REF*F8*N~CAS*CO*45*0.00~CLP*A*1*11.00*10.00**12*N~CAS*PR*1*1.00*1~PLB*1*20261231*WO:N*1.00~SE*24*0001~GE*1*1~"
    "IEA*1*000000001~"
)

if __name__ == "__main__":
    for _ in read([_EVERY_TABLE.encode() * 9] * 2, ""):  # a file of more than one block
        pass
    for data in (_EVERY_TABLE, _EVERY_TABLE.replace("PAYEE", "PAY\u00c9E"), _EVERY_TABLE.replace("~", "~\n")):
        for name, table in parse(data.encode("latin-1")).tables():
            if name in TABLES:
                encoded(table, TABLES[name])
