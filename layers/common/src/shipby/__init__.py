"""Order fulfilment for sellers on Ozon: no order lost, no deadline missed in silence, no refund paid twice."""

from shipby.kept_methods import install_shipped

install_shipped()
