"""Models of exchanges. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = ["CurrencyExchange", "CurrencyExchangeHistory", "ExchangeOperationType", "ExchangeSettlementMethod"]


class ExchangeOperationType(OpenEnum):
    """The `operation_type` of a `CurrencyExchange`."""

    COMPRA = "COMPRA"
    VENDA = "VENDA"


class ExchangeSettlementMethod(OpenEnum):
    """The `settlement_method` of a `CurrencyExchange`."""

    CONTA_DEPOSITO_MOEDA_ESTRANGEIRA_PAIS = "CONTA_DEPOSITO_MOEDA_ESTRANGEIRA_PAIS"
    CONTA_DEPOSITO_OU_PAGAMENTO_EXPORTADOR_INSTITUICAO_EXTERIOR = (
        "CONTA_DEPOSITO_OU_PAGAMENTO_EXPORTADOR_INSTITUICAO_EXTERIOR"
    )
    ESPECIE_CHEQUES_VIAGEM = "ESPECIE_CHEQUES_VIAGEM"
    CARTAO_PREPAGO = "CARTAO_PREPAGO"
    TELETRANSMISSAO = "TELETRANSMISSAO"
    SEM_MOVIMENTACAO_VALORES = "SEM_MOVIMENTACAO_VALORES"
    DEMAIS = "DEMAIS"
    CARTA_CREDITO_A_VISTA = "CARTA_CREDITO_A_VISTA"
    CARTA_CREDITO_A_PRAZO = "CARTA_CREDITO_A_PRAZO"
    CONTA_DEPOSITO = "CONTA_DEPOSITO"
    CHEQUE = "CHEQUE"
    TITULOS_VALORES = "TITULOS_VALORES"
    SIMBOLICA = "SIMBOLICA"
    CONTA_DEPOSITO_EXPORTADOR_MANTIDA_NO_EXTERIOR = "CONTA_DEPOSITO_EXPORTADOR_MANTIDA_NO_EXTERIOR"
    CONVENIO_PAGAMENTOS_E_CREDITOS_RECIPROCOS = "CONVENIO_PAGAMENTOS_E_CREDITOS_RECIPROCOS"
    OUTRO_NAO_MAPEADO_OFB = "OUTRO_NAO_MAPEADO_OFB"


@row
class CurrencyExchange(DataRow):
    """One row of `pool.exchanges`."""

    authorized_institution_identifier: int | None = None
    authorized_institution_name: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    foreign_operation_value_amount: Decimal | None = None
    foreign_operation_value_currency: str | None = None
    id: str | None = None
    intermediary_institution_identifier: int | None = None
    intermediary_institution_name: str | None = None
    link: str | None = None
    local_currency_advance_percentage: Decimal | None = None
    local_operation_tax_amount: Decimal | None = None
    local_operation_tax_currency: str | None = None
    local_operation_value_amount: Decimal | None = None
    local_operation_value_currency: str | None = None
    operation_category_code: str | None = None
    operation_due_date: dt.date | None = None
    operation_identifier: str | None = None
    operation_number: str | None = None
    operation_outstanding_balance_amount: Decimal | None = None
    operation_outstanding_balance_currency: str | None = None
    operation_requested_at: dt.datetime | None = None
    operation_type: ExchangeOperationType | None = None
    settlement_method: ExchangeSettlementMethod | None = None
    tev_amount_amount: Decimal | None = None
    tev_amount_currency: str | None = None


@row
class CurrencyExchangeHistory(DataRow):
    """What has become of an `CurrencyExchange`."""

    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    event_created_at: dt.datetime | None = None
    event_sequence_number: str | None = None
    event_type: int | None = None
    exchange_id: str | None = None
    foreign_operation_value_amount: Decimal | None = None
    foreign_operation_value_currency: str | None = None
    foreign_partie_country_code: str | None = None
    foreign_partie_name: str | None = None
    foreign_partie_relationship_code: str | None = None
    id: str | None = None
    link: str | None = None
    local_currency_advance_percentage: Decimal | None = None
    local_operation_tax_amount: Decimal | None = None
    local_operation_tax_currency: str | None = None
    local_operation_value_amount: Decimal | None = None
    local_operation_value_currency: str | None = None
    operation_category_code: str | None = None
    operation_due_date: dt.date | None = None
    operation_identifier: str | None = None
    operation_outstanding_balance_amount: Decimal | None = None
    operation_outstanding_balance_currency: str | None = None
    settlement_method: ExchangeSettlementMethod | None = None
    tev_amount_amount: Decimal | None = None
    tev_amount_currency: str | None = None
