from .module import CALLBACKS as CALLBACKS
